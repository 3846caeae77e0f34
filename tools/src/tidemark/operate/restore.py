"""`make restore FROM=`: puts the samples of a restored table back into the history, beside those that are there.

The buckets cannot give the history back. Samples never change, so one that is there stays, and the command may be
repeated. The ledger needs no backup for sizes: a reconcile makes it from the listings, and only the counters of recorded
transitions start again. This command also raises the maximum of each bucket and of all buckets, as the tracker would
have, and asks for the rollups of all samples. FROM= the history itself puts nothing back and raises the maxima, for a ledger that was lost. In such a ledger the
tracked buckets are missing too: the settings and the rules that `make track` added still tell which these are.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import typer
from botocore.exceptions import ClientError

from size_history import items
from size_history.items import Item, Peak, Sample
from tidemark.aws import ledger
from tidemark.aws.arguments import table_of
from tidemark.aws.buckets import exists
from tidemark.aws.deployment import Deployment
from tidemark.aws.refusals import code_of
from tidemark.errors import CommandError
from tidemark.local.state import DEFAULT
from tidemark.operate import additions
from tidemark.operate.rollups import request_restored_rollups
from tidemark.operate.track import buckets_of_stacks, enlist
from tidemark.options import State, Target
from tidemark.targets import find_deployment

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

THREADS = 8
_SIZE = attrgetter("total_size")


def restore(deployment: Deployment, source: str) -> tuple[int, int]:
    """Copy the samples of the table `source` that the history lacks, and raise the maxima.

    Return the number of samples that were read, and of those that the history had lost. Raises CommandError for a
    wrong table.
    """
    tables: DynamoDBClient = deployment.client("dynamodb")
    history, ledger = deployment.outputs["HistoryTableName"], deployment.outputs["LedgerTableName"]

    def put(item: Item) -> bool:
        new = f"attribute_not_exists({items.BUCKET_NAME})"
        return _accepted(tables.put_item, TableName=history, Item=item, ConditionExpression=new)

    read = lost = 0
    largest: dict[str, Sample] = {}
    with ThreadPoolExecutor(THREADS) as pool:
        for page, samples in _pages(tables, source):
            read += len(page)
            lost += 0 if source == history else sum(pool.map(put, page))
            for sample in samples:
                largest[sample.bucket] = max(largest.get(sample.bucket, sample), sample, key=_SIZE)
    for sample in largest.values():
        _raise_maximum(tables, ledger, sample)
    if largest:
        _raise_peak(tables, ledger, max(largest.values(), key=_SIZE))
    return read, lost


def track_again(deployment: Deployment) -> list[str]:
    """Write the rows of tracked buckets that the ledger lacks, and return the names of these buckets.

    Their adoption, which `make reconcile` begins, finds everything that the lost ledger knew.
    """
    client, table = deployment.client("dynamodb"), deployment.outputs["LedgerTableName"]
    there, enlisted = ledger.sources(client, table), []
    for bucket in dict.fromkeys((*buckets_of_stacks(deployment), *additions.added_buckets(deployment))):
        if bucket not in there and exists(deployment.client("s3"), bucket):
            enlist(deployment, bucket, turn_on=False)
            enlisted.append(bucket)
    return enlisted


def _pages(tables: Any, source: str) -> Iterator[tuple[list[Item], list[Sample]]]:
    # Only a recovery is worth a scan; the product itself never makes one.
    try:
        for page in tables.get_paginator("scan").paginate(TableName=source):
            yield page["Items"], [_sample(source, item) for item in page["Items"]]
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        raise CommandError(f"there is no table {source} here") from error


def _sample(source: str, item: Item) -> Sample:
    try:
        int(item[items.TOTAL_SIZE]["N"])  # elsewhere its absence means 0
        return Sample.from_item(item)
    except (KeyError, ValueError) as error:
        raise CommandError(f"{source} is no history of Tidemark's: an item is no sample ({error})") from error


def _raise_maximum(tables: "DynamoDBClient", ledger: str, sample: Sample) -> None:
    """Raise the maximum of a tracked bucket, and its revision, which makes earlier answers of the API out of date."""
    size = {":size": items.number(sample.total_size)}
    for change, condition, values in (
        ("SET max_size = :size ADD revision :one", "max_size < :size", size),
        ("ADD revision :one", "attribute_exists(pk)", {}),
    ):
        if _accepted(
            tables.update_item,
            TableName=ledger,
            Key=items.totals_key(sample.bucket),
            UpdateExpression=change,
            ConditionExpression=condition,
            ExpressionAttributeValues={":one": items.number(1), **values},
        ):
            return


def _raise_peak(tables: "DynamoDBClient", ledger: str, largest: Sample) -> None:
    _accepted(
        tables.put_item,
        TableName=ledger,
        Item=Peak(largest.total_size, largest.bucket, largest.time).to_item(),
        ConditionExpression="attribute_not_exists(pk) OR #size < :size",
        ExpressionAttributeNames={"#size": "size"},
        ExpressionAttributeValues={":size": items.number(largest.total_size)},
    )


def _accepted(write: Callable[..., object], **request: Any) -> bool:
    """Return whether a conditional write was made."""
    try:
        write(**request)
    except ClientError as error:
        if code_of(error) != "ConditionalCheckFailedException":
            raise
        return False
    return True


def command(
    *,
    target: Target = "local",
    state: State = DEFAULT,
    source: Annotated[str, typer.Option("--from", metavar="TABLE", help="The restored table.")] = "",
) -> None:
    """Put the samples of a restored table back into the history."""
    deployment = find_deployment(target, state)
    read, lost = restore(deployment, table_of(source, f"make restore TARGET={target} FROM=table"))
    print(f"{source}: {read:,} samples read, {lost:,} of them put back")
    for bucket in track_again(deployment):
        print(f"{bucket}: tracked again")
    for bucket in request_restored_rollups(deployment):
        print(f"{bucket}: its rollups are made anew in a minute")
    print(f"next: make reconcile TARGET={target}")
