"""The bodies of the queue's messages."""

import json

from size_history.messages import (
    KIND,
    RECOMPUTE_ROLLUPS,
    RecomputeRollups,
    ReconcileEveryBucket,
    ReconcileRequest,
    Watch,
)

READ = "read"


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


def recompute(bucket: str, since: int | None = None) -> str:
    """Return the request to make a bucket's rollups anew."""
    return RecomputeRollups(bucket, since).to_json()


def known_to_version_0_1(body: str) -> bool:
    """Return whether version 0.1 knows the message; another goes back to the queue."""
    return json.loads(body).get(KIND) not in {RECOMPUTE_ROLLUPS, READ}


def read(bucket: str, start: int, end: int) -> str:
    """Return the question what a bucket weighed in a range, which the plotting service answers."""
    return json.dumps({KIND: READ, "bucket": bucket, "start": start, "end": end})


def watch(buckets: tuple[str, ...]) -> str:
    """Return the request to check the event paths of these buckets."""
    return Watch(buckets).to_json()
