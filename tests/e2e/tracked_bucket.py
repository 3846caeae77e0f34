"""A second tracked bucket for a test: its own events, the environment's own queue."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.environment import Environment


@contextmanager
def tracked_bucket(environment: Environment, *, events: bool = True) -> Iterator[str]:
    """Create a bucket whose events (if any) reach the tracking queue; remove it afterwards."""
    s3, rules, sqs = (environment.client(service) for service in ("s3", "events", "sqs"))
    bucket = f"tidemark-test-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    if events:
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        queue = sqs.get_queue_attributes(QueueUrl=environment.queue_url, AttributeNames=["QueueArn"])
        pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
        rules.put_rule(Name=bucket, EventPattern=json.dumps(pattern))
        rules.put_targets(Rule=bucket, Targets=[{"Id": "queue", "Arn": queue["Attributes"]["QueueArn"]}])
    try:
        yield bucket
    finally:
        if events:
            rules.remove_targets(Rule=bucket, Ids=["queue"])
            rules.delete_rule(Name=bucket)
        for key in environment.listing(bucket):
            s3.delete_object(Bucket=bucket, Key=key)
        s3.delete_bucket(Bucket=bucket)
