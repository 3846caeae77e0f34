"""Tidemark's own messages on the tracking queue; EventBridge's S3 events arrive there too.

A request asks for the reconcile of a tracked bucket, which also adopts it if it has no totals yet. The tracker turns the
request into a run of steps. Each step is one message that names its run and the last key of the step before it. A watch
message asks for a check whether the events of some buckets arrive. A recompute message asks for a part of a bucket's
rollups to be made anew from its samples.
"""

import json
from dataclasses import asdict, dataclass

OBJECT_EVENTS = ("Object Created", "Object Deleted")
"""The S3 events that change a listing: a delete marker, a lifecycle expiry and a resurfacing version are "Deleted" too.
Restores, tags, ACLs and storage classes change no size."""
KIND = "tidemark"
RECONCILE = "reconcile"
RECONCILE_EVERY_BUCKET = "reconcile-every-bucket"
RECOMPUTE_ROLLUPS = "recompute-rollups"
WATCH = "watch"
WATCH_EVERY_BUCKET = "watch-every-bucket"
MAX_WATCHED = 25
"""Maximum number of buckets that one watch message names: their checks take less than an invocation."""
MAX_PAGE_KEYS = 1000
"""Maximum number of keys per step: S3 lists no more in one request (an AWS limit)."""


@dataclass(frozen=True, slots=True)
class ReconcileRequest:
    """A request to compare a bucket's rows with its listing, `page_size` keys (1 to 1,000) per step.

    `second` marks the delayed request that an adoption sends: it sends none itself. Otherwise their number would grow as
    long as DynamoDB refuses to create the totals.
    """

    bucket: str
    page_size: int = MAX_PAGE_KEYS
    second: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.page_size <= MAX_PAGE_KEYS:
            raise ValueError(f"page_size must be from 1 to {MAX_PAGE_KEYS}, not {self.page_size}")

    def to_json(self) -> str:
        """Return the message body."""
        second = {"second": True} if self.second else {}
        return json.dumps({KIND: RECONCILE, "bucket": self.bucket, "page_size": self.page_size, **second})


@dataclass(frozen=True, slots=True)
class ReconcileEveryBucket:
    """A request to reconcile every tracked bucket; the daily schedule sends it."""

    def to_json(self) -> str:
        """Return the message body."""
        return json.dumps({KIND: RECONCILE_EVERY_BUCKET})


@dataclass(frozen=True, slots=True)
class ReconcileStep:
    """One step of a run. It covers the keys after `cursor` (an S3 key; empty in the first step)."""

    bucket: str
    run_id: str
    cursor: str

    def to_json(self) -> str:
        """Return the message body; it escapes control characters, so that SQS accepts any key."""
        return json.dumps(
            {KIND: RECONCILE, "bucket": self.bucket, "run_id": self.run_id, "cursor": self.cursor}
        )


@dataclass(frozen=True, slots=True)
class RecomputeRollups:
    """A request to make a bucket's rollups anew from its samples, from an instant (microseconds since 1970) on.

    Without an instant it checks those since yesterday, or makes all of them if there are gaps. `differing` counts the
    rollups that the messages before this one found wrong or missing; where `gaps` are expected they are no drift.
    `asked` is when somebody asked who waits for the end (microseconds since 1970; 0: nobody does).
    """

    bucket: str
    since: int | None = None
    differing: int = 0
    gaps: bool = False
    asked: int = 0

    def to_json(self) -> str:
        """Return the message body."""
        return json.dumps({KIND: RECOMPUTE_ROLLUPS, **asdict(self)})


@dataclass(frozen=True, slots=True)
class WatchEveryBucket:
    """A request to check whether the events of every tracked bucket arrive; a schedule sends it every few minutes."""

    def to_json(self) -> str:
        """Return the message body."""
        return json.dumps({KIND: WATCH_EVERY_BUCKET})


@dataclass(frozen=True, slots=True)
class Watch:
    """A request to check whether the events of these buckets (1 to MAX_WATCHED) arrive."""

    buckets: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.buckets) <= MAX_WATCHED:
            raise ValueError(f"a watch message names 1 to {MAX_WATCHED} buckets, not {len(self.buckets)}")

    def to_json(self) -> str:
        """Return the message body."""
        return json.dumps({KIND: WATCH, "buckets": list(self.buckets)})


Message = (
    ReconcileRequest | ReconcileEveryBucket | ReconcileStep | RecomputeRollups | Watch | WatchEveryBucket
)
