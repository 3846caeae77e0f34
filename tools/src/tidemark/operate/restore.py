"""`make restore FROM=`: puts the samples of a restored table back into the history, beside those that are there.

The history alone cannot be made again from the buckets. Samples never change, so one that is there stays as it is, and
this may be repeated. The ledger needs no backup for sizes: a reconcile makes it from the listings, and only the counters of
recorded transitions begin anew. The largest totals, each bucket's and that of all, are raised here, as the tracker would
have. FROM= the history itself puts nothing back and raises them, for a ledger that was lost.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from size_history import items
from size_history.items import Item, Peak, Sample, Totals
from tidemark.aws.arguments import table_of
from tidemark.aws.deployment import Deployment, operate, parser
from tidemark.errors import CommandError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

THREADS = 8
ATTEMPTS = 20
"""At a totals row that the tracker writes, too."""


@dataclass(frozen=True, slots=True)
class Restored:
    """How many samples were read, and how many of them the history had lost."""

    read: int
    lost: int


def restore(deployment: Deployment, source: str) -> Restored:
    """Copy every sample of the table `source` that the history has not, and raise the largest totals.

    Raises CommandError for a wrong table.
    """
    tables: DynamoDBClient = deployment.client("dynamodb")
    history = deployment.outputs["HistoryTableName"]
    put = partial(_put, tables, history) if source != history else _is_there
    read = lost = 0
    largest: dict[str, Item] = {}
    with ThreadPoolExecutor(THREADS) as pool:
        for page in _pages(tables, source):
            lost += sum(pool.map(put, page))
            read += len(page)
            for item in page:
                bucket = item[items.BUCKET_NAME]["S"]
                largest[bucket] = max(largest.get(bucket, item), item, key=_size)
    for bucket, item in largest.items():
        _raise_maximum(tables, deployment.outputs["LedgerTableName"], bucket, _size(item))
    if largest:
        _raise_peak(tables, deployment.outputs["LedgerTableName"], max(largest.values(), key=_size))
    return Restored(read, lost)


def _pages(tables: Any, source: str) -> Iterator[list[Item]]:
    # A scan, which only a recovery is worth; the product itself never makes one.
    try:
        for page in tables.get_paginator("scan").paginate(TableName=source):
            for item in page["Items"]:
                _require_sample(source, item)
            yield page["Items"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise CommandError(f"there is no table {source} here") from error


def _require_sample(source: str, item: Item) -> None:
    try:
        Sample.from_item(item)
        int(item[items.TOTAL_SIZE]["N"])  # whose absence elsewhere means 0
    except (KeyError, ValueError) as error:
        raise CommandError(f"{source} is no history of Tidemark's: an item is no sample ({error})") from error


def _put(tables: "DynamoDBClient", history: str, item: Item) -> bool:
    try:
        tables.put_item(
            TableName=history,
            Item=item,
            ConditionExpression="attribute_not_exists(#partition)",
            ExpressionAttributeNames={"#partition": items.BUCKET_NAME},
        )
    except tables.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _is_there(_: Item) -> bool:
    return False


def _raise_maximum(tables: "DynamoDBClient", ledger: str, bucket: str, size: int) -> None:
    """Raise a bucket's maximum where it is tracked; and its revision, which says that answers of before are old."""
    for _ in range(ATTEMPTS):
        item = tables.get_item(TableName=ledger, Key=items.totals_key(bucket), ConsistentRead=True).get(
            "Item"
        )
        if item is None:
            return
        totals = Totals.from_item(item)
        raised = replace(totals, max_size=max(totals.max_size, size), revision=totals.revision + 1)
        try:
            tables.put_item(
                TableName=ledger,
                Item=raised.to_item(bucket),
                ConditionExpression="revision = :revision",
                ExpressionAttributeValues={":revision": items.number(totals.revision)},
            )
        except tables.exceptions.ConditionalCheckFailedException:
            continue  # the tracker has recorded something meanwhile
        return
    raise CommandError(f"{bucket} changes too often to raise its maximum now: repeat this, it does no harm")


def _raise_peak(tables: "DynamoDBClient", ledger: str, largest: Item) -> None:
    sample = Sample.from_item(largest)
    peak = Peak(sample.total_size, largest[items.BUCKET_NAME]["S"], sample.time)
    try:
        tables.put_item(
            TableName=ledger,
            Item=peak.to_item(),
            ConditionExpression="attribute_not_exists(pk) OR #size < :size",
            ExpressionAttributeNames={"#size": "size"},
            ExpressionAttributeValues={":size": items.number(peak.size)},
        )
    except tables.exceptions.ConditionalCheckFailedException:
        return  # a larger one is recorded


def _size(item: Item) -> int:
    return items.int_of(item, items.TOTAL_SIZE)


def _operation(deployment: Deployment, options: argparse.Namespace) -> None:
    source = table_of(options.source, f"make restore TARGET={deployment.target} FROM=table")
    restored = restore(deployment, source)
    print(f"{source}: {restored.read:,} samples read, {restored.lost:,} of them put back")
    print(f"next: make reconcile TARGET={deployment.target}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    made = parser("restore", "Put the samples of a restored table back into the history.")
    made.add_argument("--from", dest="source", required=True, metavar="TABLE", help="the restored table")
    return operate(made, arguments, _operation)


if __name__ == "__main__":
    sys.exit(main())
