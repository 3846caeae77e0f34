"""The Ledger and the History in DynamoDB: one method per access pattern of the accounting."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from size_history import items, keys
from size_history.batch_get import batch_get
from size_history.items import EXPIRY, Item, Peak, State, Totals, int_of, number, text
from size_tracking.values import ObjectRow, Observation, Outcome, PrefixDelta, RowWrite, Run, Transaction

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

TOMBSTONE_SECONDS = 30 * 24 * 3600
"""How long an absent object's row is kept. It must outlive every handler that may have read its revision."""
_MOVED = "ConditionalCheckFailed"
_RETRY = {
    "None",
    _MOVED,
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
}
"""Reasons of a cancelled transaction that say another writer was there, or too many were."""
MAX_PAGES_PER_SHARD = 8
"""Of a shard's rows, a megabyte each, tombstones among them. A step reads so many of each shard, the next one goes on."""


class Ledger:
    """The two tables, through one DynamoDB client."""

    def __init__(
        self,
        client: "DynamoDBClient",
        *,
        ledger_table: str,
        history_table: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._sleep = sleep
        self._ledger = ledger_table
        self._history = history_table

    def rows(self, bucket: str, keys_: Iterable[str]) -> dict[str, ObjectRow]:
        """Return the rows of these keys (at most 100), strongly consistent; a key without one is left out."""
        found = self._read([items.object_key(bucket, key) for key in keys_])
        return {item[keys.SK]["S"]: _row(item) for item in found}

    def totals_and_peak(self, bucket: str) -> tuple[Totals | None, Peak | None]:
        """Return a bucket's totals and the peak of all buckets, each None where it does not exist."""
        found = {item[keys.SK]["S"]: item for item in self._read([items.totals_key(bucket), items.PEAK_KEY])}
        totals, peak = found.get(keys.TOTALS), found.get(keys.PEAK)
        return (Totals.from_item(totals) if totals else None, Peak.from_item(peak) if peak else None)

    def objects_between(
        self, bucket: str, shard: str, after: str, until: str | None
    ) -> Iterator[tuple[str, Observation | None]]:
        """Yield the present objects of one shard in key order, after one key and up to another (None: to the end).

        After MAX_PAGES_PER_SHARD, the last is None with the key up to which the shard is read.
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
        pages = self._client.get_paginator("query").paginate(
            TableName=self._ledger,
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

    def commit(self, transaction: Transaction, *, now: int) -> Outcome:
        """Write a transaction and say how it ended; `now` in microseconds since 1970.

        Raises ClientError for whatever is not about another writer.
        """
        writes: list[Item] = [self._put_row(transaction.bucket, row, now) for row in transaction.rows]
        if transaction.run:
            writes.append({"Put": self._run_put(transaction.bucket, transaction.run)})
        own = len(writes)
        writes += [self._add_prefix(transaction.bucket, delta) for delta in transaction.prefixes]
        if transaction.totals:
            writes.append(self._put_totals(transaction.bucket, transaction.totals))
        if transaction.sample:
            writes.append({"Put": {"TableName": self._history, "Item": transaction.sample.to_item()}})
        if transaction.peak:
            writes.append(self._put_peak(transaction.peak))
        return self._transact(writes, own=own)

    def create_totals(self, bucket: str, *, now: int) -> None:
        """Begin a bucket's totals (adopting) and list it among the tracked buckets, unless it has totals already."""
        totals = Totals(0, 0, 0, 0, 0, max_size=0, last_time=0, revision=1, state=State.ADOPTING)
        absent = "attribute_not_exists(pk)"
        created = {
            "Put": {"TableName": self._ledger, "Item": totals.to_item(bucket), "ConditionExpression": absent}
        }
        listed = {
            "Put": {"TableName": self._ledger, "Item": {**items.bucket_key(bucket), "since": number(now)}}
        }
        self._transact([created, listed], own=0)

    def tracked_buckets(self) -> Iterator[str]:
        """Yield the name of every tracked bucket, adopting ones included."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._ledger,
            KeyConditionExpression="pk = :every AND begins_with(sk, :bucket)",
            ExpressionAttributeValues={":every": text(keys.EVERY_BUCKET), ":bucket": text(keys.BUCKET_ROW)},
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                yield item[keys.SK]["S"].removeprefix(keys.BUCKET_ROW)

    def run(self, bucket: str) -> Run | None:
        """Return a bucket's reconcile run, strongly consistent, or None where there never was one."""
        answer = self._client.get_item(
            TableName=self._ledger, Key=items.reconcile_key(bucket), ConsistentRead=True
        )
        return _run(answer["Item"]) if "Item" in answer else None

    def put_run(self, bucket: str, run: Run) -> bool:
        """Put a bucket's reconcile run if the stored revision is one less, and return whether it was."""
        try:
            self._client.put_item(**self._run_put(bucket, run))
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _read(self, wanted: list[Item]) -> list[Item]:
        return batch_get(self._client.batch_get_item, self._ledger, wanted, sleep=self._sleep)

    def _transact(self, writes: list[Item], *, own: int) -> Outcome:
        try:
            self._client.transact_write_items(TransactItems=_typed(writes))
        except self._client.exceptions.TransactionCanceledException as error:
            return _outcome(error, own)
        except self._client.exceptions.TransactionInProgressException:
            return Outcome.TOTALS_MOVED
        return Outcome.COMMITTED

    def _put_row(self, bucket: str, row: RowWrite, now: int) -> Item:
        item = {**items.object_key(bucket, row.key), "revision": number(row.revision)}
        if row.seen.size is None:
            item[EXPIRY] = number(now // 1_000_000 + TOMBSTONE_SECONDS)
        else:
            item |= {
                "size": number(row.seen.size),
                "etag": text(row.seen.etag),
                "last_modified": text(row.seen.last_modified),
                "version_id": text(row.seen.version_id),
            }
        put: Item = {"TableName": self._ledger, "Item": item}  # type: ignore[dict-item]
        return {"Put": put | _unmoved(row.read_revision)}

    def _add_prefix(self, bucket: str, delta: PrefixDelta) -> Item:
        return {
            "Update": {
                "TableName": self._ledger,
                "Key": items.prefix_key(bucket, delta.prefix),
                "UpdateExpression": "ADD #size :size, #count :count",
                "ExpressionAttributeNames": {"#size": "size", "#count": "count"},
                "ExpressionAttributeValues": {":size": number(delta.size), ":count": number(delta.count)},
            }
        }

    def _run_put(self, bucket: str, run: Run) -> dict[str, Any]:
        item = {
            **items.reconcile_key(bucket),
            "run_id": text(run.run_id),
            "page_size": number(run.page_size),
            "started": number(run.started),
            "moved": number(run.moved),
            "revision": number(run.revision),
            "cursor": text(run.cursor),
            "previous": text(run.previous),
            "announced": {"BOOL": run.announced},
            "checked": number(run.checked),
            "healed": number(run.healed),
            "drift": number(run.drift),
        }
        if run.ended is not None:
            item["ended"] = number(run.ended)
        return {"TableName": self._ledger, "Item": item, **_unmoved(run.revision - 1)}

    def _put_totals(self, bucket: str, totals: Totals) -> Item:
        put = {"TableName": self._ledger, "Item": totals.to_item(bucket)}
        return {"Put": put | _unmoved(totals.revision - 1)}

    def _put_peak(self, peak: Peak) -> Item:
        return {
            "Put": {
                "TableName": self._ledger,
                "Item": peak.to_item(),
                "ConditionExpression": "attribute_not_exists(pk) OR #size < :size",
                "ExpressionAttributeNames": {"#size": "size"},
                "ExpressionAttributeValues": {":size": number(peak.size)},
            }
        }


def _unmoved(revision: int) -> dict[str, Any]:
    """Return the condition that an item's revision is still the one read; revision 0 means there was none."""
    if revision == 0:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "revision = :revision",
        "ExpressionAttributeValues": {":revision": number(revision)},
    }


def _run(item: Mapping[str, Any]) -> Run:
    return Run(
        run_id=item["run_id"]["S"],
        page_size=int_of(item, "page_size"),
        started=int_of(item, "started"),
        moved=int_of(item, "moved"),
        revision=int_of(item, "revision"),
        cursor=item["cursor"]["S"],
        previous=item["previous"]["S"],
        announced=item["announced"]["BOOL"],
        checked=int_of(item, "checked"),
        healed=int_of(item, "healed"),
        drift=int_of(item, "drift"),
        ended=int_of(item, "ended") if "ended" in item else None,
    )


def _row(item: Mapping[str, Any]) -> ObjectRow:
    return ObjectRow(int_of(item, "revision"), _seen(item))


def _seen(item: Mapping[str, Any]) -> Observation:
    if "size" not in item:
        return Observation()
    return Observation(
        int_of(item, "size"), item["etag"]["S"], item["last_modified"]["S"], item["version_id"]["S"]
    )


def _outcome(error: ClientError, own: int) -> Outcome:
    """Say what a cancelled transaction ran into, from its reasons: one per write, in order, ours alone first."""
    codes = [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])]
    if _MOVED in codes[:own]:
        return Outcome.ROW_MOVED
    if codes and all(code in _RETRY for code in codes):
        return Outcome.TOTALS_MOVED
    raise error


def _typed(writes: list[Item]) -> "list[TransactWriteItemTypeDef]":
    return writes  # type: ignore[return-value]
