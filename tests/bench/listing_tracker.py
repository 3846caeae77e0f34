"""The obvious tracker, for comparison: each event lists the whole bucket and writes the sum. Nobody should use it.

It is wrong when two of them race: the slower listing is written last, whichever saw the newer bucket.
"""

import os
from datetime import UTC, datetime
from functools import cache

import boto3


@cache
def _client(service):
    return boto3.client(service)


def handler(event, _context):
    """Carry out one event, straight from a rule."""
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
