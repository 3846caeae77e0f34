"""Rollups from samples, pure: what the closed intervals of a stretch of time are, and the open ones.

A minute comes from its samples, an hour from its minutes, and a day from its hours. All of them are final once the last
sample is later, because the times of samples only rise.
"""

from collections.abc import Iterable, Iterator

from size_history.items import Rollup, Sample, folded
from size_history.rollups import OpenIntervals, Unit

FINER = {Unit.HOUR: Unit.MINUTE, Unit.DAY: Unit.HOUR}
"""The unit that each coarser one is made of, finest first."""


def minutes_of(samples: Iterable[Sample]) -> list[Rollup]:
    """Return the minutes of these samples, which are in time order."""
    return folded(Unit.MINUTE, (Rollup.of(Unit.MINUTE, sample) for sample in samples))


def differing(stored: Iterable[Rollup], right: Iterable[Rollup], *, kept_from: int = 0) -> Iterator[Rollup]:
    """Yield the right rollups that are not stored so.

    A stored one that begins before `kept_from` (microseconds since 1970) stays: some of its samples may have expired.
    """
    by_start = {rollup.interval.start: rollup for rollup in stored}
    for rollup in right:
        found = by_start.get(rollup.interval.start)
        if found is None or (found != rollup and rollup.interval.start >= kept_from):
            yield rollup


def opened(samples: Iterable[Sample], minutes: Iterable[Rollup], hours: Iterable[Rollup]) -> OpenIntervals:
    """Return the open intervals: of the open minute's samples, the open hour's minutes and the open day's hours.

    There must be a sample; the minutes and hours are the closed ones.
    """
    (minute,) = minutes_of(samples)
    (hour,) = folded(Unit.HOUR, [*minutes, minute])
    (day,) = folded(Unit.DAY, [*hours, hour])
    return minute.interval, hour.interval, day.interval
