"""The messages that are ours on the tracking queue, beside EventBridge's S3 events.

A request asks for a bucket's reconcile (and with it the adoption of a bucket not tracked yet); the tracker turns
it into a run of steps, each one message that names its run and the last key that the step before it covered.
"""

import json
from dataclasses import dataclass

KIND = "tidemark"
RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True)
class ReconcileRequest:
    """Someone wants this bucket compared with its listing."""

    bucket: str

    def to_json(self) -> str:
        """Return the message body."""
        return json.dumps({KIND: RECONCILE, "bucket": self.bucket})


@dataclass(frozen=True, slots=True)
class ReconcileStep:
    """One page of a run: the listing after `cursor` (an S3 key; empty for the first page)."""

    bucket: str
    run_id: str
    cursor: str

    def to_json(self) -> str:
        """Return the message body; a key's control characters are escaped, so any key is a legal SQS body."""
        return json.dumps(
            {KIND: RECONCILE, "bucket": self.bucket, "run_id": self.run_id, "cursor": self.cursor}
        )
