"""The messages that are ours on the tracking queue, beside EventBridge's S3 events.

A request asks for a bucket's reconcile (and with it the adoption of a bucket not tracked yet); the tracker turns
it into a run of steps, each one message that names its run and the last key that the step before it covered.
"""

import json
from dataclasses import dataclass

KIND = "tidemark"
RECONCILE = "reconcile"
RECONCILE_EVERY_BUCKET = "reconcile-every-bucket"
MAX_PAGE_KEYS = 1000
"""Keys of one step: what S3 lists in one request at most (an AWS limit)."""


@dataclass(frozen=True, slots=True)
class ReconcileRequest:
    """Someone wants this bucket compared with its listing, `page_size` keys a step (1 to 1,000)."""

    bucket: str
    page_size: int = MAX_PAGE_KEYS

    def __post_init__(self) -> None:
        if not 1 <= self.page_size <= MAX_PAGE_KEYS:
            raise ValueError(f"page_size must be from 1 to {MAX_PAGE_KEYS}, not {self.page_size}")

    def to_json(self) -> str:
        """Return the message body."""
        return json.dumps({KIND: RECONCILE, "bucket": self.bucket, "page_size": self.page_size})


@dataclass(frozen=True, slots=True)
class ReconcileEveryBucket:
    """A request for each bucket that is tracked: what the daily schedule sends."""

    def to_json(self) -> str:
        """Return the message body."""
        return json.dumps({KIND: RECONCILE_EVERY_BUCKET})


@dataclass(frozen=True, slots=True)
class ReconcileStep:
    """One step of a run: the keys after `cursor` (an S3 key; empty for the first step)."""

    bucket: str
    run_id: str
    cursor: str

    def to_json(self) -> str:
        """Return the message body; a key's control characters are escaped, so any key is a legal SQS body."""
        return json.dumps(
            {KIND: RECONCILE, "bucket": self.bucket, "run_id": self.run_id, "cursor": self.cursor}
        )


Message = ReconcileRequest | ReconcileEveryBucket | ReconcileStep
