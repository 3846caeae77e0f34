"""More buckets for a test: without notifications, with events that go nowhere, or with events in the environment's queue."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from size_history import items
from tests.e2e.disturbances import deployment
from tests.e2e.environment import Environment
from tidemark.aws.buckets import empty_bucket
from tidemark.operate import additions
from tidemark.operate.track import enlist


@contextmanager
def new_bucket(environment: Environment) -> Iterator[str]:
    """Create a bucket that is not tracked, and remove it with its objects and all that tracked it afterwards."""
    s3 = environment.client("s3")
    bucket = f"tidemark-test-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    try:
        yield bucket
    finally:
        forget(environment, bucket)
        empty_bucket(s3, bucket)
        s3.delete_bucket(Bucket=bucket)


@contextmanager
def notifying_bucket(environment: Environment) -> Iterator[str]:
    """Create a bucket that is tracked and sends its events to EventBridge, where no rule takes them."""
    with new_bucket(environment) as bucket:
        additions.allow(deployment(), bucket)
        enlist(deployment(), bucket, turn_on=True)
        yield bucket


@contextmanager
def tracked_bucket(environment: Environment) -> Iterator[str]:
    """Create a bucket that is tracked and whose events reach the tracking queue."""
    with new_bucket(environment) as bucket:
        additions.allow(deployment(), bucket)
        additions.route(deployment(), bucket)
        enlist(deployment(), bucket, turn_on=True)
        yield bucket


def forget(environment: Environment, bucket: str) -> None:
    """Untrack a bucket without a word."""
    additions.remove(deployment(), [bucket])
    environment.client("dynamodb").delete_item(
        TableName=environment.ledger_table, Key=items.bucket_key(bucket)
    )
