"""The Ledger table for the readers: a bucket's rows, all tracked buckets, and prefixes; reads by key and queries, never a scan."""

import heapq
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from plotting.rollups import Rollups
from size_history import keys
from size_history.batch_get import batch_get
from size_history.items import (
    PEAK_KEY,
    Item,
    Peak,
    Totals,
    bucket_key,
    int_of,
    number,
    text,
    totals_key,
)
from size_history.sources import Source

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MAX_REMEMBERED_PAGES = 8
"""Pages of prefixes kept in memory: each at most a thousand names of at most 1 kB."""
MAX_QUERIES = 5
"""Maximum number of queries per shard for one page of prefixes. Only rows at zero, which are left out, need a second one."""
MAX_ROWS = 2000
"""Maximum number of rows that one of the later queries reads; with long names, DynamoDB stops at 1 MB before."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What the Ledger has of a bucket: its totals, the row that makes it tracked, and the peak of all; None if missing."""

    totals: Totals | None
    source: Source | None
    peak: Peak | None


@dataclass(frozen=True, slots=True)
class Prefix:
    """A first-level prefix, with the bytes and objects under it."""

    name: str
    size: int
    count: int


@dataclass(frozen=True, slots=True)
class Prefixes:
    """A page of prefixes in the order of their names; `last` is the name to continue after, or None on the last page."""

    found: tuple[Prefix, ...]
    last: str | None


class Ledger:
    """The Ledger table, read through a DynamoDB client, strongly consistent; its rollup rows are read by `rollups`."""

    def __init__(self, client: "DynamoDBClient", table: str, threads: Executor) -> None:
        self._client = client
        self._table = table
        self._threads = threads
        self.rollups = Rollups(client, table)
        self._page_of_prefixes = lru_cache(MAX_REMEMBERED_PAGES)(self._read_prefixes)

    def rows(self, bucket: str) -> Rows:
        """Return a bucket's totals, its row among the tracked ones, and the peak of all buckets, in one request."""
        items = self._items([totals_key(bucket), bucket_key(bucket), PEAK_KEY])
        found = {item[keys.SK]["S"]: item for item in items}
        totals, peak = found.get(keys.TOTALS), found.get(keys.PEAK)
        source = found.get(keys.BUCKET_ROW + bucket)
        return Rows(
            Totals.from_item(totals) if totals else None,
            Source.from_item(source) if source else None,
            Peak.from_item(peak) if peak else None,
        )

    def peak(self) -> Peak | None:
        """Return the largest total recorded for any bucket; None before the first sample of any bucket."""
        item = self._client.get_item(TableName=self._table, Key=PEAK_KEY, ConsistentRead=True).get("Item")
        return Peak.from_item(item) if item else None

    def buckets(self, after: str, limit: int) -> tuple[dict[str, Rows], str | None]:
        """Return the rows of at most `limit` tracked buckets after a name, and the last name read if more follow.

        `limit` is at most 100, because DynamoDB reads 100 items by key at once. The rows are without the peak. A bucket
        that is being untracked is left out, so a page may be shorter.
        """
        first = keys.BUCKET_ROW + after
        page = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":pk": text(keys.EVERY_BUCKET),
                ":first": text(first),
                ":last": text(keys.BUCKET_ROW + "\x7f"),
            },
            ConsistentRead=True,
            Limit=limit + 2,  # a hundred rows of a few hundred bytes never reach 1 MB
        )
        listed = [item for item in page["Items"] if item[keys.SK]["S"] != first]
        tracked = {_bucket_of(item): Source.from_item(item) for item in listed[:limit]}
        tracked = {name: source for name, source in tracked.items() if source.tracked}
        found = {
            row[keys.PK]["S"]: Totals.from_item(row) for row in self._items(list(map(totals_key, tracked)))
        }
        last = _bucket_of(listed[limit - 1]) if len(listed) > limit else None
        return {name: Rows(found.get(name), source, None) for name, source in tracked.items()}, last

    def prefixes(self, bucket: str, totals: Totals, after: str, limit: int) -> Prefixes:
        """Return at most `limit` prefixes with objects after one in the order of names.

        This is one query per shard, and at most MAX_QUERIES if there are rows at zero. So a page may be shorter, or even
        empty, and still not be the last one. Recent pages are remembered by the totals, which change in the transaction
        of every change of a prefix.
        """
        return self._page_of_prefixes(bucket, totals, after, limit)

    def _read_prefixes(self, bucket: str, _: Totals, after: str, limit: int) -> Prefixes:
        shards = list(
            self._threads.map(
                lambda shard: self._shard(keys.prefix_pk(bucket, shard), after, limit), keys.all_shards()
            )
        )
        # Beyond the first name at which the reading of a shard stopped, others of that shard may be missing.
        stops = [last for _, last in shards if last is not None]
        stop = min(stops, default=None)
        merged = heapq.merge(*(found for found, _ in shards), key=attrgetter("name"))
        found = tuple(prefix for prefix in merged if stop is None or prefix.name <= stop)
        return Prefixes(found[:limit], found[limit - 1].name if len(found) > limit else stop)

    def _shard(self, partition: str, after: str, limit: int) -> tuple[list[Prefix], str | None]:
        """Return the first prefixes with objects of a shard, and the last name read if there may be others."""
        found: list[Prefix] = []
        # The first query reads no more than a page may need. Later ones exist only because of rows at zero.
        for rows in (limit + 1, *[MAX_ROWS] * (MAX_QUERIES - 1)):
            page = self._page_of_shard(partition, after, rows)
            found += [
                Prefix(item[keys.SK]["S"], int_of(item, "size"), int_of(item, "count"))
                for item in page["Items"]
            ]
            if "LastEvaluatedKey" not in page:
                return found, None
            after = page["LastEvaluatedKey"][keys.SK]["S"]
            if len(found) > limit:
                break
        return found, after

    def _page_of_shard(self, partition: str, after: str, rows: int) -> Mapping[str, Any]:
        condition, values = "pk = :pk", {":pk": text(partition), ":zero": number(0)}
        if after:
            condition, values = f"{condition} AND sk > :after", {**values, ":after": text(after)}
        return self._client.query(
            TableName=self._table,
            KeyConditionExpression=condition,
            FilterExpression="#count > :zero",
            ExpressionAttributeNames={"#count": "count"},  # a reserved word
            ExpressionAttributeValues=values,
            ConsistentRead=True,
            Limit=rows,
        )

    def _items(self, wanted: list[Item]) -> list[Item]:
        return batch_get(self._client.batch_get_item, self._table, wanted)


def _bucket_of(item: Mapping[str, Any]) -> str:
    return str(item[keys.SK]["S"]).removeprefix(keys.BUCKET_ROW)
