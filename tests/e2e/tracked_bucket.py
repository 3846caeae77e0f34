"""More buckets for a test: without notifications, with events that go nowhere, or with events in the environment's queue."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.environment import Environment
from tidemark.aws.buckets import empty_bucket


@contextmanager
def new_bucket(environment: Environment) -> Iterator[str]:
    """Create a bucket, and remove it with its objects afterwards."""
    s3 = environment.client("s3")
    bucket = f"tidemark-test-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    try:
        yield bucket
    finally:
        empty_bucket(s3, bucket)
        s3.delete_bucket(Bucket=bucket)


@contextmanager
def notifying_bucket(environment: Environment) -> Iterator[str]:
    """Create a bucket that sends its events to EventBridge."""
    with new_bucket(environment) as bucket:
        environment.client("s3").put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        yield bucket


@contextmanager
def tracked_bucket(environment: Environment) -> Iterator[str]:
    """Create a bucket whose events reach the tracking queue."""
    rules, sqs = environment.client("events"), environment.client("sqs")
    queue = sqs.get_queue_attributes(QueueUrl=environment.queue_url, AttributeNames=["QueueArn"])
    with notifying_bucket(environment) as bucket:
        pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
        rules.put_rule(Name=bucket, EventPattern=json.dumps(pattern))
        rules.put_targets(Rule=bucket, Targets=[{"Id": "queue", "Arn": queue["Attributes"]["QueueArn"]}])
        try:
            yield bucket
        finally:
            rules.remove_targets(Rule=bucket, Ids=["queue"])
            rules.delete_rule(Name=bucket)
