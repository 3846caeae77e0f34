"""What the commands read from a deployment's ledger, and the one row that they write: the one that makes a bucket tracked."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from size_history import items, keys
from size_history.batch_get import batch_get
from size_history.items import Totals
from size_history.sources import BucketStatus, Source, status_of
from tidemark.aws.refusals import code_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MAX_KEYS = 100
"""Maximum number of items that one request reads by key (an AWS limit)."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """A bucket that has a row: the row, and the public state that follows from it."""

    source: Source
    status: BucketStatus


def now_microseconds() -> int:
    """Return the time as the tables store it: microseconds since 1970."""
    return time.time_ns() // 1000


def totals(client: "DynamoDBClient", ledger: str, bucket: str) -> Totals | None:
    """Return a bucket's totals, or None if it has none."""
    answer = client.get_item(TableName=ledger, Key=items.totals_key(bucket), ConsistentRead=True)
    return Totals.from_item(answer["Item"]) if "Item" in answer else None


def source(client: "DynamoDBClient", ledger: str, bucket: str) -> Source | None:
    """Return the row that makes a bucket tracked, or None if there is none."""
    answer = client.get_item(TableName=ledger, Key=items.bucket_key(bucket), ConsistentRead=True)
    return Source.from_item(answer["Item"]) if "Item" in answer else None


def put_source(client: "DynamoDBClient", ledger: str, bucket: str, row: Source) -> bool:
    """Put a bucket's row if the stored revision is one less, and return whether it was.

    At revision 1 the stored row is missing, or one of version 0.1.
    """
    condition: Any = {"ConditionExpression": "attribute_not_exists(revision)"}
    if row.revision > 1:
        before = {":before": items.number(row.revision - 1)}
        condition = {"ConditionExpression": "revision = :before", "ExpressionAttributeValues": before}
    try:
        client.put_item(TableName=ledger, Item=row.to_item(bucket), **condition)
    except ClientError as error:
        if code_of(error) != "ConditionalCheckFailedException":
            raise
        return False
    return True


def sources(client: "DynamoDBClient", ledger: str) -> dict[str, Source]:
    """Return the row of every bucket that has one, sorted by name. Buckets that are being untracked are among them."""
    pages = client.get_paginator("query").paginate(
        TableName=ledger,
        KeyConditionExpression="pk = :every AND begins_with(sk, :bucket)",
        ExpressionAttributeValues={
            ":every": items.text(keys.EVERY_BUCKET),
            ":bucket": items.text(keys.BUCKET_ROW),
        },
        ConsistentRead=True,
    )
    return {
        item[keys.SK]["S"].removeprefix(keys.BUCKET_ROW): Source.from_item(item)
        for page in pages
        for item in page["Items"]
    }


def tracked_buckets(client: "DynamoDBClient", ledger: str) -> list[str]:
    """Return the names of all tracked buckets, sorted."""
    return [bucket for bucket, row in sources(client, ledger).items() if row.tracked]


def tracked(client: "DynamoDBClient", ledger: str, now: int) -> Mapping[str, Tracked]:
    """Return every bucket that has a row with its state at `now`, sorted by name."""
    rows = sources(client, ledger)
    names, found = list(rows), {}
    for start in range(0, len(names), MAX_KEYS):
        wanted = [items.totals_key(name) for name in names[start : start + MAX_KEYS]]
        for item in batch_get(client.batch_get_item, ledger, wanted):
            found[item[keys.PK]["S"]] = Totals.from_item(item)
    return {name: Tracked(row, status_of(found.get(name), row, now)) for name, row in rows.items()}
