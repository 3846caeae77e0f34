"""The Ledger table for the readers: totals, peak, tracked buckets and prefixes; reads by key and queries, never a scan."""

import heapq
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from size_history import keys
from size_history.batch_get import batch_get
from size_history.items import PEAK_KEY, Item, Peak, Totals, int_of, text, totals_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MAX_REMEMBERED_PAGES = 8
"""Pages of prefixes kept in memory: each at most a hundred names of at most 1 kB."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """A first-level prefix, with the bytes and objects under it."""

    name: str
    size: int
    count: int


class Ledger:
    """The Ledger table, read through a DynamoDB client, strongly consistent."""

    def __init__(self, client: "DynamoDBClient", table: str, threads: Executor) -> None:
        self._client = client
        self._table = table
        self._threads = threads
        self._page_of_prefixes = lru_cache(MAX_REMEMBERED_PAGES)(self._read_prefixes)

    def totals(self, bucket: str) -> Totals | None:
        """Return a bucket's totals; None if it is not tracked."""
        item = self._item(totals_key(bucket))
        return Totals.from_item(item) if item else None

    def totals_and_peak(self, bucket: str) -> tuple[Totals | None, Peak | None]:
        """Return a bucket's totals and the peak of all buckets in one request; None for what does not exist."""
        found = {item[keys.SK]["S"]: item for item in self._items([totals_key(bucket), PEAK_KEY])}
        totals, peak = found.get(keys.TOTALS), found.get(keys.PEAK)
        return (Totals.from_item(totals) if totals else None, Peak.from_item(peak) if peak else None)

    def peak(self) -> Peak | None:
        """Return the largest total recorded for any bucket; None before the first sample of any bucket."""
        item = self._item(PEAK_KEY)
        return Peak.from_item(item) if item else None

    def buckets(self, after: str, limit: int) -> tuple[dict[str, Totals], str | None]:
        """Return the totals of at most `limit` tracked buckets after a name, and the last name if more follow.

        `limit` is at most 100, because DynamoDB reads 100 items by key at once. A bucket is left out while its adoption
        has begun but its totals do not exist yet.
        """
        first = keys.BUCKET_ROW + after
        listed = self._sort_keys(keys.EVERY_BUCKET, first, keys.BUCKET_ROW + "\x7f", limit + 2)
        names = [key.removeprefix(keys.BUCKET_ROW) for key in listed if key != first]
        rows = self._items([totals_key(name) for name in names[:limit]])
        found = {row[keys.PK]["S"]: Totals.from_item(row) for row in rows}
        last = names[limit - 1] if len(names) > limit else None
        return {name: found[name] for name in names[:limit] if name in found}, last

    def prefixes(self, bucket: str, totals: Totals, after: str, limit: int) -> tuple[Sequence[Prefix], bool]:
        """Return at most `limit` prefixes after one in the order of names, and whether more follow.

        This is one query per shard. Recent pages are remembered by the totals, which change in the transaction of every
        change of a prefix. The page includes rows at zero.
        """
        return self._page_of_prefixes(bucket, totals, after, limit)

    def _read_prefixes(self, bucket: str, _: Totals, after: str, limit: int) -> tuple[Sequence[Prefix], bool]:
        pages = self._threads.map(
            lambda shard: self._shard(keys.prefix_pk(bucket, shard), after, limit + 1), keys.all_shards()
        )
        found = list(heapq.merge(*pages, key=attrgetter("name")))
        return tuple(found[:limit]), len(found) > limit

    def _shard(self, partition: str, after: str, limit: int) -> list[Prefix]:
        condition, values = "pk = :pk", {":pk": text(partition)}
        if after:
            condition, values = f"{condition} AND sk > :after", {**values, ":after": text(after)}
        found: list[Prefix] = []
        start: dict[str, Any] = {}
        while True:
            page = self._client.query(
                TableName=self._table,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=values,
                ConsistentRead=True,
                Limit=limit,
                **start,
            )
            found += [
                Prefix(item[keys.SK]["S"], int_of(item, "size"), int_of(item, "count"))
                for item in page["Items"]
            ]
            if "LastEvaluatedKey" not in page or len(found) >= limit:
                return found[:limit]
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _sort_keys(self, partition: str, first: str, last: str, limit: int) -> list[str]:
        page = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={":pk": text(partition), ":first": text(first), ":last": text(last)},
            ProjectionExpression="sk",
            ConsistentRead=True,
            Limit=limit,  # a hundred rows of a few hundred bytes never reach 1 MB
        )
        return [item[keys.SK]["S"] for item in page["Items"]]

    def _items(self, wanted: list[Item]) -> list[Item]:
        return batch_get(self._client.batch_get_item, self._table, wanted)

    def _item(self, key: Item) -> dict[str, Any]:
        return self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {})
