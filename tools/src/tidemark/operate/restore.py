"""`make restore FROM=`: puts the samples of a restored table back into the history, beside those that are there.

The buckets cannot give the history back. Samples never change, so one that is there stays, and the command may be
repeated. The ledger needs no backup for sizes: a reconcile makes it from the listings, and only the counters of recorded
transitions start again. This command also raises the maximum of each bucket and of all buckets, as the tracker would
have. FROM= the history itself puts nothing back and raises the maxima, for a ledger that was lost.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from botocore.exceptions import ClientError

from size_history import items
from size_history.items import Item, Peak, Sample
from tidemark.aws.arguments import table_of
from tidemark.aws.deployment import Deployment, find_deployment
from tidemark.aws.ledger import totals
from tidemark.aws.refusals import code_of
from tidemark.errors import CommandError
from tidemark.local.state import DEFAULT
from tidemark.options import State, Target

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

THREADS = 8
MAX_ATTEMPTS = 20
"""How often the totals row, which the tracker writes too, is tried."""


@dataclass(frozen=True, slots=True)
class Restored:
    """Numbers of samples that were read, and of those that the history had lost."""

    read: int
    lost: int


def restore(deployment: Deployment, source: str) -> Restored:
    """Copy the samples of the table `source` that the history lacks, and raise the maxima.

    Raises CommandError for a wrong table.
    """
    tables: DynamoDBClient = deployment.client("dynamodb")
    history = deployment.outputs["HistoryTableName"]
    put = partial(_put, tables, history) if source != history else lambda _: False
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
    # Only a recovery is worth a scan; the product itself never makes one.
    try:
        for page in tables.get_paginator("scan").paginate(TableName=source):
            for item in page["Items"]:
                _require_sample(source, item)
            yield page["Items"]
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        raise CommandError(f"there is no table {source} here") from error


def _require_sample(source: str, item: Item) -> None:
    try:
        Sample.from_item(item)
        int(item[items.TOTAL_SIZE]["N"])  # elsewhere its absence means 0
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


def _raise_maximum(tables: "DynamoDBClient", ledger: str, bucket: str, size: int) -> None:
    """Raise the maximum of a tracked bucket, and its revision, which makes earlier answers of the API out of date."""
    for _ in range(MAX_ATTEMPTS):
        found = totals(tables, ledger, bucket)
        if found is None:
            return
        raised = replace(found, max_size=max(found.max_size, size), revision=found.revision + 1)
        try:
            tables.put_item(
                TableName=ledger,
                Item=raised.to_item(bucket),
                ConditionExpression="revision = :revision",
                ExpressionAttributeValues={":revision": items.number(found.revision)},
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


def command(
    *,
    target: Target = "local",
    state: State = DEFAULT,
    source: Annotated[str, typer.Option("--from", metavar="TABLE", help="The restored table.")] = "",
) -> None:
    """Put the samples of a restored table back into the history."""
    deployment = find_deployment(target, state)
    restored = restore(deployment, table_of(source, f"make restore TARGET={target} FROM=table"))
    print(f"{source}: {restored.read:,} samples read, {restored.lost:,} of them put back")
    print(f"next: make reconcile TARGET={target}")
