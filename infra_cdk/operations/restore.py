"""`make restore FROM=`: puts the samples of a restored table back into the history, beside those that are there.

The history alone cannot be made again from the buckets. Samples never change, so one that is there stays as it is, and
this may be repeated. The ledger needs no backup for sizes: a reconcile makes it from the listings, and only the counters of
recorded transitions begin anew. The largest total of all is raised here, as the tracker would have.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra_cdk.operations.deployment import Deployment, OperationError, operate, parser
from size_history import items
from size_history.items import Item, Peak, Sample

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

THREADS = 8


@dataclass(frozen=True, slots=True)
class Restored:
    """How many samples were read, and how many of them the history had lost."""

    read: int
    lost: int


def restore(deployment: Deployment, source: str) -> Restored:
    """Copy every sample of the table `source` that the history has not. Raises OperationError for a wrong table."""
    tables: DynamoDBClient = deployment.client("dynamodb")
    history = deployment.outputs["HistoryTableName"]
    if source == history:
        raise OperationError(f"{source} is the history itself: FROM= is the table that was restored")
    read = lost = 0
    largest: Item | None = None
    with ThreadPoolExecutor(THREADS) as pool:
        for page in _pages(tables, source):
            lost += sum(pool.map(partial(_put, tables, history), page))
            read += len(page)
            largest = max((item for item in (largest, *page) if item), key=_size, default=None)
    if largest is not None:
        _raise_peak(tables, deployment.outputs["LedgerTableName"], largest)
    return Restored(read, lost)


def _pages(tables: Any, source: str) -> Iterator[list[Item]]:
    # A scan, of a table that nobody else reads; the product itself never makes one.
    try:
        for page in tables.get_paginator("scan").paginate(TableName=source):
            for item in page["Items"]:
                _require_sample(source, item)
            yield page["Items"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise OperationError(f"there is no table {source} here") from error


def _require_sample(source: str, item: Item) -> None:
    try:
        Sample.from_item(item)
        int(item[items.TOTAL_SIZE]["N"])  # whose absence elsewhere means 0
    except (KeyError, ValueError) as error:
        raise OperationError(
            f"{source} is no history of Tidemark's: an item is no sample ({error})"
        ) from error


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
    restored = restore(deployment, options.source)
    print(f"{options.source}: {restored.read:,} samples read, {restored.lost:,} of them put back")
    print(f"next: make reconcile TARGET={deployment.target}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    made = parser("restore", "Put the samples of a restored table back into the history.")
    made.add_argument("--from", dest="source", required=True, metavar="TABLE", help="the restored table")
    return operate(made, arguments, _operation)


if __name__ == "__main__":
    sys.exit(main())
