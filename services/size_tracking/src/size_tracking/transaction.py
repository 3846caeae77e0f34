"""The transaction that a commit writes: the items of DynamoDB's TransactWriteItems, and what its refusal means."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from size_history import items
from size_history.items import EXPIRY, Item, Peak, Rollup, Sample, Totals, number, text
from size_history.sources import Source
from size_tracking.values import Outcome, PrefixDelta, RowWrite, Run, Transaction

DAY_SECONDS = 24 * 3600
TOMBSTONE_SECONDS = 30 * DAY_SECONDS
"""How long the row of an absent object is kept. It must outlive every handler that may have read its revision."""
_MOVED = "ConditionalCheckFailed"
_RETRY = {
    "None",
    _MOVED,
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
}
"""Reasons of a cancelled transaction that a retry can overcome: another writer, or too many requests."""
_RUN_TEXTS = ("run_id", "cursor", "previous")
_RUN_NUMBERS = (
    "page_size",
    "started",
    "moved",
    "revision",
    "checked",
    "healed",
    "drift",
    "refused",
    "missed",
)
_RUN_FLAGS = ("announced", "again", "settled")


def transact_items(
    transaction: Transaction, *, ledger: str, history: str, now: int, sample_retention_days: int = 0
) -> list[Item]:
    """Return the items of a transaction on these two tables: the object rows and the run come first.

    `now` is in microseconds since 1970. A sample expires after `sample_retention_days`, or never if that is 0.
    """
    bucket = transaction.bucket
    writes: list[Item] = [put_row(ledger, bucket, row, now) for row in transaction.rows]
    if transaction.run:
        writes.append({"Put": put_run(ledger, bucket, transaction.run)})
    writes += [add_prefix(ledger, bucket, delta) for delta in transaction.prefixes]
    if transaction.totals:
        writes.append(put_totals(ledger, bucket, transaction.totals))
    if transaction.sample:
        writes.append(put_sample(history, transaction.sample, sample_retention_days))
    writes += [put_rollup(ledger, bucket, rollup) for rollup in transaction.rollups]
    if transaction.peak:
        writes.append(put_peak(ledger, transaction.peak))
    if transaction.source:
        writes.append({"Put": put_source(ledger, bucket, transaction.source)})
    return writes


def put_row(table: str, bucket: str, row: RowWrite, now: int) -> Item:
    """Put an object row, if its revision is still the one that was read."""
    item = {**items.object_key(bucket, row.key), "revision": number(row.revision)}
    if row.seen.size is None:
        item[EXPIRY] = number(now // 1_000_000 + TOMBSTONE_SECONDS)
    else:
        item["size"] = number(row.seen.size)
        item |= {name: text(getattr(row.seen, name)) for name in ("etag", "last_modified", "version_id")}
        if row.seen.listed:
            item["listed"] = {"BOOL": True}
    return {"Put": {"TableName": table, "Item": item, **if_revision(row.read_revision)}}


def put_run(table: str, bucket: str, run: Run) -> dict[str, Any]:
    """Put the reconcile run, if its stored revision is one less."""
    item = {
        **items.reconcile_key(bucket),
        **items.numbers_of(run, _RUN_NUMBERS),
        **{name: text(getattr(run, name)) for name in _RUN_TEXTS},
        **{name: {"BOOL": getattr(run, name)} for name in _RUN_FLAGS},
    }
    if run.ended is not None:
        item["ended"] = number(run.ended)
    return {"TableName": table, "Item": item, **if_revision(run.revision - 1)}


def run_of(item: Mapping[str, Any]) -> Run:
    """Read a reconcile run. One of version 0.1 lacks some flags."""
    fields: dict[str, Any] = {name: item[name]["S"] for name in _RUN_TEXTS}
    fields |= items.ints_of(item, _RUN_NUMBERS)
    ended = items.int_of(item, "ended") if "ended" in item else None
    fields |= {name: item[name]["BOOL"] for name in _RUN_FLAGS if name in item}
    return Run(**fields, ended=ended)


def add_prefix(table: str, bucket: str, delta: PrefixDelta) -> Item:
    """Add to a prefix row, whatever it holds."""
    return {
        "Update": {
            "TableName": table,
            "Key": items.prefix_key(bucket, delta.prefix),
            "UpdateExpression": "ADD #size :size, #count :count",
            "ExpressionAttributeNames": {"#size": "size", "#count": "count"},
            "ExpressionAttributeValues": {":size": number(delta.size), ":count": number(delta.count)},
        }
    }


def put_totals(table: str, bucket: str, totals: Totals) -> Item:
    """Put the totals, if their stored revision is one less."""
    return {"Put": {"TableName": table, "Item": totals.to_item(bucket), **if_revision(totals.revision - 1)}}


def put_sample(table: str, sample: Sample, retention_days: int) -> Item:
    """Put a sample, which expires after a number of days; 0 keeps it forever."""
    item = sample.to_item()
    if retention_days:
        item[EXPIRY] = number(sample.time // 1_000_000 + retention_days * DAY_SECONDS)
    return {"Put": {"TableName": table, "Item": item}}


def put_rollup(table: str, bucket: str, rollup: Rollup) -> Item:
    """Put a closed interval, whatever is stored: each is what the samples say, and these never change."""
    return {"Put": {"TableName": table, "Item": rollup.to_item(bucket)}}


def put_source(table: str, bucket: str, source: Source) -> dict[str, Any]:
    """Put a tracked bucket's row, if its stored revision is one less; at revision 1 the row is missing or of version 0.1."""
    condition = if_revision(source.revision - 1)
    if source.revision == 1:
        condition = {"ConditionExpression": "attribute_not_exists(revision)"}
    return {"TableName": table, "Item": source.to_item(bucket), **condition}


def put_peak(table: str, peak: Peak) -> Item:
    """Put the peak, if the stored one is lower."""
    return {
        "Put": {
            "TableName": table,
            "Item": peak.to_item(),
            "ConditionExpression": "attribute_not_exists(pk) OR #size < :size",
            "ExpressionAttributeNames": {"#size": "size"},
            "ExpressionAttributeValues": {":size": number(peak.size)},
        }
    }


def if_revision(revision: int) -> dict[str, Any]:
    """Return the condition that an item's stored revision is this one; 0 means that there is no item."""
    if revision == 0:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "revision = :revision",
        "ExpressionAttributeValues": {":revision": number(revision)},
    }


def outcome_of(error: ClientError, own: int) -> Outcome:
    """Return why a transaction was cancelled; its first `own` items are the object rows and the run.

    Raises the error if no retry can overcome it.
    """
    codes = [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])]
    if _MOVED in codes[:own]:
        return Outcome.ROW_MOVED
    if codes and all(code in _RETRY for code in codes):
        return Outcome.TOTALS_MOVED
    raise error
