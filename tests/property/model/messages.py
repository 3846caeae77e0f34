"""The bodies of the queue's messages."""

import json

from size_history.messages import ReconcileEveryBucket, ReconcileRequest, Watch


def event(bucket: str, key: str, sent: int = 0) -> str:
    """Return the event that a key may have changed. Only a mutant reads when it was `sent`."""
    detail = {"bucket": {"name": bucket}, "object": {"key": key}}
    return json.dumps({"source": "aws.s3", "sent": sent, "detail": detail})


def request(bucket: str) -> str:
    """Return the request to reconcile a bucket."""
    return ReconcileRequest(bucket).to_json()


def request_for_all() -> str:
    """Return the request to reconcile every tracked bucket."""
    return ReconcileEveryBucket().to_json()


def watch(buckets: tuple[str, ...]) -> str:
    """Return the request to check the event paths of these buckets."""
    return Watch(buckets).to_json()
