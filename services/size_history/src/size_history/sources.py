"""A tracked bucket as a source of events: the row that makes it tracked, and what readers say about it.

The tracker's watch checks every tracked bucket every few minutes and writes what it found into this row. Every reader
derives the bucket's public state from the row and the totals with `status_of`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from size_history import items, times
from size_history.items import Item, Totals, text

SECOND = 1_000_000
RECOVERY_MICROSECONDS = 540 * SECOND
"""A run that begins this long after a bucket was found to be heard again sees every change that was not heard.

S3 may take five minutes until it sends the events that were just turned on. A check and a handler that looked before
that live for less than a minute each.
"""
SECOND_RUN_SECONDS = 600
"""Delay of the second reconcile, which is asked for when a bucket is heard. It exceeds RECOVERY_MICROSECONDS by the
difference that two machines' clocks may have."""
UNCHECKED_MICROSECONDS = 15 * 60 * SECOND
"""After this long without a check a bucket counts as deaf: three checks are missing, so the watch itself has stopped."""


class Hearing(StrEnum):
    """What the last check found. LEAVING marks a bucket that is being untracked: it is no longer tracked."""

    HEARD = "heard"
    DEAF = "deaf"
    RECOVERING = "recovering"
    GONE = "gone"
    LEAVING = "leaving"


_TEXTS = ("reason", "created")
_NUMBERS = ("since", "checked", "due", "revision")


@dataclass(frozen=True, slots=True)
class Source:
    """The row of a tracked bucket; a bucket without one is not tracked. Times are microseconds since 1970.

    `since` is when `hearing` began, and `reason` explains it. `created` is the bucket's creation date as S3 told it, and
    `checked` the time of the last check; they are empty and 0 before the first check. While the bucket is RECOVERING, a
    run that begins at `due` or later ends that. Every write raises `revision`; the rows of version 0.1 have revision 0.
    """

    since: int
    hearing: Hearing = Hearing.HEARD
    reason: str = ""
    created: str = ""
    checked: int = 0
    due: int = 0
    revision: int = 1

    @property
    def tracked(self) -> bool:
        """Return whether the bucket is tracked."""
        return self.hearing is not Hearing.LEAVING

    def to_item(self, bucket: str) -> Item:
        """Return the row as DynamoDB stores it."""
        return {
            **items.bucket_key(bucket),
            **items.numbers_of(self, _NUMBERS),
            **{name: text(getattr(self, name)) for name in _TEXTS},
            "hearing": text(self.hearing),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Source":
        """Read a row. Version 0.1 wrote `since` only."""
        fields: dict[str, Any] = {name: item[name]["S"] if name in item else "" for name in _TEXTS}
        fields |= items.ints_of(item, _NUMBERS)
        return cls(**fields, hearing=Hearing(item["hearing"]["S"]) if "hearing" in item else Hearing.HEARD)


class Status(StrEnum):
    """The public state of a tracked bucket."""

    ADOPTING = "adopting"
    """Its totals are not complete yet."""
    LIVE = "live"
    DEAF = "deaf"
    """Its events do not arrive, so its numbers may be old."""
    RECOVERING = "recovering"
    """Its events arrive again, but changes from before may be missing until a reconcile has ended."""
    GONE = "gone"
    """It does not exist any more."""


@dataclass(frozen=True, slots=True)
class BucketStatus:
    """The public state of a bucket, when it began (microseconds since 1970) and why. Both are None while it is LIVE."""

    state: Status
    since: int | None = None
    reason: str | None = None


_LIVE = BucketStatus(Status.LIVE)


def status_of(totals: Totals | None, source: Source, now: int) -> BucketStatus:
    """Return a tracked bucket's public state at an instant, from its totals (None: not created yet) and its row."""
    if source.hearing in {Hearing.GONE, Hearing.DEAF}:
        return BucketStatus(Status(source.hearing.value), source.since, source.reason)
    if source.checked and now - source.checked > UNCHECKED_MICROSECONDS:
        checked = times.to_text(source.checked)
        reason = f"its events were checked last at {checked}: see that the tracker runs and its watch rule is enabled"
        return BucketStatus(Status.DEAF, source.checked, reason)
    if totals is None or totals.state is items.State.ADOPTING:
        return BucketStatus(Status.ADOPTING, source.since, "its first reconcile has not ended yet")
    if source.hearing is Hearing.RECOVERING:
        return BucketStatus(Status.RECOVERING, source.since, source.reason)
    return _LIVE
