"""Since when samples are kept, pure. Beyond that there are rollups only, and a range consists of whole minutes."""

from dataclasses import replace

from plotting.parsing import Range
from size_history.rollups import Unit

DAY = 86_400_000_000
MARGIN = 3_600_000_000
"""Microseconds before their expiry from which on samples are not read any more: clocks differ a little."""


def horizon(days: int | None, now: int) -> int:
    """Return the whole minute from which on all samples are kept, if that is for `days`; None keeps them forever.

    DynamoDB removes expired samples in any order and days later, so those before are not read even if they are there.
    """
    return 0 if days is None else max(ceiling(now - days * DAY + MARGIN), 0)


def fitted(range_: Range, kept_from: int) -> Range:
    """Return a range whose edges before a horizon are moved outward to whole minutes."""
    if range_.start >= kept_from:
        return range_
    end = ceiling(range_.end) if range_.end < kept_from else range_.end
    return replace(range_, start=Unit.MINUTE.start_of(range_.start), end=end, kept=False)


def ceiling(time: int) -> int:
    """Return the first whole minute not before an instant."""
    return -(-time // Unit.MINUTE.length) * Unit.MINUTE.length
