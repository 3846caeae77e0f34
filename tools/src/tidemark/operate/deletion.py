"""Deletes everything that the tables hold of one bucket, but for the row that makes it tracked.

One page of keys per partition is in memory. What is deleted stays deleted, so a deletion that was stopped goes on when it
is repeated.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from size_history import items, keys
from size_history.items import Item
from size_history.rollups import Unit
from size_history.tables import HISTORY, LEDGER, TableSchema
from tidemark.aws.deployment import Deployment
from tidemark.errors import CommandError
from tidemark.progress import Progress

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

THREADS = 8
BATCH = 25
"""Maximum number of rows that one request deletes (an AWS limit)."""
PAGE = 1000
"""Keys that are read, then deleted, before the next ones are read."""
MAX_WRITES = 9
"""Requests per batch. The pauses between them add up to about 50 seconds."""
FIRST_PAUSE_SECONDS = 0.1
"""The pause after the first request; each later one is twice as long."""
SAY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Partition:
    """The rows of a bucket that have one partition key."""

    table: str
    schema: TableSchema
    key: str


def delete_rows(deployment: Deployment, bucket: str, progress: Progress) -> int:
    """Delete a bucket's samples, rollups and object rows, prefix rows, run and totals, in this order; return their number.

    Raises CommandError if DynamoDB takes no more deletions.
    """
    client, ledger = deployment.client("dynamodb"), deployment.outputs["LedgerTableName"]
    deleted, said = 0, time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        for partition in _partitions(deployment, bucket):
            for page in _pages(client, partition):
                batches = [page[start : start + BATCH] for start in range(0, len(page), BATCH)]
                list(pool.map(lambda batch, at=partition.table: _delete(client, at, batch), batches))
                deleted += len(page)
                if time.monotonic() - said > SAY_SECONDS:
                    said = time.monotonic()
                    progress.say(f"{deleted:,} rows deleted")
    # The totals go last: while there are rows, nothing can take the bucket for one that was never adopted.
    for key in (items.reconcile_key(bucket), items.recomputed_key(bucket), items.totals_key(bucket)):
        answer = client.delete_item(TableName=ledger, Key=key, ReturnValues="ALL_OLD")
        deleted += "Attributes" in answer
    return deleted


def _partitions(deployment: Deployment, bucket: str) -> Iterator[_Partition]:
    yield _Partition(deployment.outputs["HistoryTableName"], HISTORY, bucket)
    for unit in Unit:
        yield _Partition(deployment.outputs["LedgerTableName"], LEDGER, keys.rollup_pk(bucket, unit))
    for partition_of in (keys.object_pk, keys.prefix_pk):
        for shard in keys.all_shards():
            yield _Partition(deployment.outputs["LedgerTableName"], LEDGER, partition_of(bucket, shard))


def _pages(client: "DynamoDBClient", partition: _Partition) -> Iterator[list[Item]]:
    """Yield the primary keys of a partition, a page at a time."""
    schema = partition.schema
    pages: Any = client.get_paginator("query").paginate(
        TableName=partition.table,
        KeyConditionExpression="#partition = :partition",
        ProjectionExpression="#partition, #sort",
        ExpressionAttributeNames={"#partition": schema.partition.name, "#sort": schema.sort.name},
        ExpressionAttributeValues={":partition": items.text(partition.key)},
        ConsistentRead=True,
        PaginationConfig={"PageSize": PAGE},
    )
    for page in pages:
        yield page["Items"]


def _delete(client: "DynamoDBClient", table: str, batch: Sequence[Item]) -> None:
    left: Any = [{"DeleteRequest": {"Key": key}} for key in batch]
    for attempt in range(MAX_WRITES):
        left = client.batch_write_item(RequestItems={table: left}).get("UnprocessedItems", {}).get(table)
        if not left:
            return
        time.sleep(FIRST_PAUSE_SECONDS * 2**attempt)
    raise CommandError(f"DynamoDB leaves deletions of {table} undone: repeat later, what is deleted stays so")
