"""The obvious tracker, for comparison: each event lists the whole bucket and writes the sum. Do not use it.

It is wrong if two of them race: the slower one writes last, even if its listing is older.
"""

import os
from datetime import UTC, datetime
from functools import cache

import boto3


@cache
def _client(service):
    return boto3.client(service)


def handler(event, _context):
    """Process one event that a rule sends."""
    bucket = event["detail"]["bucket"]["name"]
    pages = _client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    sizes = [entry["Size"] for page in pages for entry in page.get("Contents", [])]
    _client("dynamodb").put_item(
        TableName=os.environ["HISTORY_TABLE"],
        Item={
            "bucket_name": {"S": bucket},
            "time": {"S": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
            "total_size": {"N": str(sum(sizes))},
            "object_cnt": {"N": str(len(sizes))},
        },
    )
