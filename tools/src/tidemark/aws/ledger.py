"""What the commands read from a deployment's ledger."""

from typing import TYPE_CHECKING

from size_history import items, keys
from size_history.items import Totals

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def totals(client: "DynamoDBClient", ledger: str, bucket: str) -> Totals | None:
    """Return a bucket's totals, or None if it is not tracked."""
    answer = client.get_item(TableName=ledger, Key=items.totals_key(bucket), ConsistentRead=True)
    return Totals.from_item(answer["Item"]) if "Item" in answer else None


def tracked_buckets(client: "DynamoDBClient", ledger: str) -> list[str]:
    """Return the names of all tracked buckets, sorted."""
    pages = client.get_paginator("query").paginate(
        TableName=ledger,
        KeyConditionExpression="pk = :every AND begins_with(sk, :bucket)",
        ExpressionAttributeValues={
            ":every": items.text(keys.EVERY_BUCKET),
            ":bucket": items.text(keys.BUCKET_ROW),
        },
        ConsistentRead=True,
    )
    return [item[keys.SK]["S"].removeprefix(keys.BUCKET_ROW) for page in pages for item in page["Items"]]
