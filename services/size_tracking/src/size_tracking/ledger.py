"""The Ledger and the History in DynamoDB: one method per access pattern."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

from size_history import items, keys, times
from size_history.batch_get import batch_get
from size_history.items import Item, Peak, Recomputed, Rollup, Sample, State, Totals, int_of, text
from size_history.rollups import Unit
from size_history.sources import Source
from size_tracking import trace
from size_tracking.transaction import (
    outcome_of,
    put_rollup,
    put_run,
    put_source,
    put_totals,
    run_of,
    transact_items,
)
from size_tracking.values import MAX_ITEMS, Header, ObjectRow, Observation, Outcome, Run, Transaction

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MAX_PAGES_PER_SHARD = 8
"""Maximum number of query pages (1 MB each, tombstones included) that one step reads per shard.

The next step continues from there.
"""


@dataclass(frozen=True)
class Ledger:
    """The two tables, through one DynamoDB client."""

    client: "DynamoDBClient"
    _: KW_ONLY
    ledger_table: str
    history_table: str
    sample_retention_days: int = 0
    """How long samples are kept; 0 keeps them forever."""
    sleep: Callable[[float], None] = time.sleep

    def rows(self, bucket: str, keys_: Iterable[str]) -> tuple[dict[str, ObjectRow], Source | None]:
        """Return the rows of these keys (at most 99) and the bucket's own row, strongly consistent.

        A key without a row is left out; the bucket's row is None if it is not tracked.
        """
        own = items.bucket_key(bucket)
        found = self._read([own, *(items.object_key(bucket, key) for key in keys_)])
        rows = {item[keys.SK]["S"]: _row(item) for item in found if item[keys.PK] != own[keys.PK]}
        sources = [Source.from_item(item) for item in found if item[keys.PK] == own[keys.PK]]
        return rows, sources[0] if sources else None

    def totals_and_peak(self, bucket: str) -> tuple[Totals | None, Peak | None]:
        """Return a bucket's totals and the peak of all buckets, each None if it does not exist; strongly consistent."""
        header = self._header(bucket, [items.totals_key(bucket), items.PEAK_KEY])
        return header.totals, header.peak

    def header(self, bucket: str) -> Header:
        """Return a bucket's totals, the peak of all buckets and the bucket's row, strongly consistent."""
        return self._header(bucket, [items.totals_key(bucket), items.PEAK_KEY, items.bucket_key(bucket)])

    def _header(self, bucket: str, wanted: list[Item]) -> Header:
        found = {item[keys.SK]["S"]: item for item in self._read(wanted)}
        totals, peak = found.get(keys.TOTALS), found.get(keys.PEAK)
        source = found.get(keys.BUCKET_ROW + bucket)
        return Header(
            Totals.from_item(totals) if totals else None,
            Peak.from_item(peak) if peak else None,
            Source.from_item(source) if source else None,
        )

    def objects_between(
        self, bucket: str, shard: str, after: str, until: str | None
    ) -> Iterator[tuple[str, Observation | None]]:
        """Yield the present objects of one shard in key order: after `after`, up to `until` (None: to the end).

        If it stops after MAX_PAGES_PER_SHARD, the last pair has the key up to which it read, and None.
        """
        if until is not None and until <= after:
            return
        values = {":pk": text(keys.object_pk(bucket, shard))}
        condition = "pk = :pk"
        if until is not None and after:
            condition += " AND sk BETWEEN :after AND :until"
            values |= {":after": text(after), ":until": text(until)}
        elif until is not None:
            condition += " AND sk <= :until"
            values[":until"] = text(until)
        elif after:
            condition += " AND sk > :after"
            values[":after"] = text(after)
        pages = self.client.get_paginator("query").paginate(
            TableName=self.ledger_table,
            KeyConditionExpression=condition,
            FilterExpression="attribute_exists(#size)",
            ExpressionAttributeNames={"#size": "size"},
            ExpressionAttributeValues=values,
            ConsistentRead=True,
        )
        for count, page in enumerate(pages, start=1):
            for item in page["Items"]:
                if item[keys.SK]["S"] != after:
                    yield item[keys.SK]["S"], _seen(item)
            if count == MAX_PAGES_PER_SHARD and "LastEvaluatedKey" in page:
                yield page["LastEvaluatedKey"][keys.SK]["S"], None
                return

    def last_sample_time(self, bucket: str) -> int:
        """Return the time of a bucket's last sample (microseconds since 1970), strongly consistent; 0 if it has none."""
        answer = self.client.query(
            TableName=self.history_table,
            KeyConditionExpression="#bucket = :bucket",
            ProjectionExpression="#time",
            ExpressionAttributeNames={"#bucket": items.BUCKET_NAME, "#time": items.TIME},
            ExpressionAttributeValues={":bucket": text(bucket)},
            ScanIndexForward=False,
            Limit=1,
            ConsistentRead=True,
        )
        return max((times.from_text(item[items.TIME]["S"]) for item in answer["Items"]), default=0)

    def samples(self, bucket: str, start: int, end: int) -> Iterator[list[Sample]]:
        """Yield the samples from `start` to before `end` without their keys, page by page, strongly consistent."""
        if start >= end:
            return
        pages = self.client.get_paginator("query").paginate(
            TableName=self.history_table,
            KeyConditionExpression="#bucket = :bucket AND #time BETWEEN :first AND :last",
            ProjectionExpression=", ".join(["#bucket", "#time", *items.SAMPLE_NUMBERS]),
            ExpressionAttributeNames={"#bucket": items.BUCKET_NAME, "#time": items.TIME},
            ExpressionAttributeValues={
                ":bucket": text(bucket),
                ":first": text(times.to_text(start)),
                ":last": text(times.to_text(end - 1)),
            },
            ConsistentRead=True,
        )
        for page in pages:
            yield [Sample.from_item(item) for item in page["Items"]]

    def rollups(self, bucket: str, unit: Unit, first: int, last: int) -> list[Rollup]:
        """Return the rollups of a unit that start from `first` to before `last`, strongly consistent."""
        if first >= last:
            return []
        pages = self.client.get_paginator("query").paginate(
            TableName=self.ledger_table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":pk": text(keys.rollup_pk(bucket, unit)),
                ":first": text(times.to_text(first)),
                ":last": text(times.to_text(last - 1)),
            },
            ConsistentRead=True,
        )
        return [Rollup.from_item(item) for page in pages for item in page["Items"]]

    def put_rollups(self, bucket: str, rollups: Sequence[Rollup]) -> None:
        """Put rollups, whatever is stored: a closed interval is the same for every reader of its samples."""
        for start in range(0, len(rollups), MAX_ITEMS):
            writes: Any = [
                put_rollup(self.ledger_table, bucket, rollup) for rollup in rollups[start : start + MAX_ITEMS]
            ]
            self.client.transact_write_items(TransactItems=writes)

    def commit(self, transaction: Transaction, *, now: int) -> Outcome:
        """Write a transaction and return how it ended; `now` in microseconds since 1970.

        Raises ClientError if the cause is not another writer.
        """
        writes = transact_items(
            transaction,
            ledger=self.ledger_table,
            history=self.history_table,
            now=now,
            sample_retention_days=self.sample_retention_days,
        )
        return self._traced(transaction, writes, own=len(transaction.rows) + bool(transaction.run))

    def create_totals(self, bucket: str, source: Source | None, *, now: int) -> Outcome:
        """Create a bucket's totals (adopting), and its row if `source` is None, unless they exist already."""
        totals = Totals(0, 0, 0, 0, 0, max_size=0, last_time=0, revision=1, state=State.ADOPTING)
        writes = [put_totals(self.ledger_table, bucket, totals)]
        if source is None:
            writes.append({"Put": put_source(self.ledger_table, bucket, Source(since=now))})
        return self._traced(Transaction(bucket, totals=totals), writes, own=0)

    def tracked_buckets(self) -> Iterator[str]:
        """Yield the name of every tracked bucket, adopting ones included."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.ledger_table,
            KeyConditionExpression="pk = :every AND begins_with(sk, :bucket)",
            ExpressionAttributeValues={":every": text(keys.EVERY_BUCKET), ":bucket": text(keys.BUCKET_ROW)},
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                if Source.from_item(item).tracked:
                    yield item[keys.SK]["S"].removeprefix(keys.BUCKET_ROW)

    def sources(self, buckets: Iterable[str]) -> dict[str, Source]:
        """Return the rows of these buckets (at most 100), strongly consistent; one that is not tracked is left out."""
        found = self._read([items.bucket_key(bucket) for bucket in buckets])
        return {item[keys.SK]["S"].removeprefix(keys.BUCKET_ROW): Source.from_item(item) for item in found}

    def put_source(self, bucket: str, source: Source) -> bool:
        """Put a tracked bucket's row if the stored revision is one less, and return whether it was."""
        return self._put(put_source(self.ledger_table, bucket, source))

    def run(self, bucket: str) -> Run | None:
        """Return a bucket's reconcile run, strongly consistent, or None if there never was one."""
        answer = self.client.get_item(
            TableName=self.ledger_table, Key=items.reconcile_key(bucket), ConsistentRead=True
        )
        return run_of(answer["Item"]) if "Item" in answer else None

    def put_run(self, bucket: str, run: Run) -> bool:
        """Put a bucket's reconcile run if the stored revision is one less, and return whether it was."""
        return self._put(put_run(self.ledger_table, bucket, run))

    def put_recomputed(self, bucket: str, recomputed: Recomputed) -> None:
        """Put the row that tells of the last recomputation of a bucket's rollups."""
        self.client.put_item(TableName=self.ledger_table, Item=recomputed.to_item(bucket))

    def _put(self, request: Any) -> bool:
        try:
            self.client.put_item(**request)
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _read(self, wanted: list[Item]) -> list[Item]:
        return batch_get(self.client.batch_get_item, self.ledger_table, wanted, sleep=self.sleep)

    def _traced(self, transaction: Transaction, writes: Any, *, own: int) -> Outcome:
        attempt = trace.attempt(transaction)
        outcome = self._transact(writes, own=own)
        if outcome is Outcome.COMMITTED:
            trace.committed(attempt)
        return outcome

    def _transact(self, writes: Any, *, own: int) -> Outcome:
        try:
            self.client.transact_write_items(TransactItems=writes)
        except self.client.exceptions.TransactionCanceledException as error:
            return outcome_of(error, own)
        except self.client.exceptions.TransactionInProgressException:
            return Outcome.TOTALS_MOVED
        return Outcome.COMMITTED


def _row(item: Mapping[str, Any]) -> ObjectRow:
    return ObjectRow(int_of(item, "revision"), _seen(item))


def _seen(item: Mapping[str, Any]) -> Observation:
    if "size" not in item:
        return Observation()
    return Observation(
        int_of(item, "size"),
        item["etag"]["S"],
        item["last_modified"]["S"],
        item["version_id"]["S"],
        listed="listed" in item,
    )
