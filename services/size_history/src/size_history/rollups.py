"""Rollups: the lowest and highest total of each minute, hour and day (UTC) with a sample.

They answer for any range in few reads, however many samples it has. A bucket's totals row carries its open intervals,
and a commit whose sample belongs to a later interval also writes the closed one as a row. So each closed interval with
a sample has exactly one row, which is a function of the samples of that interval alone. An interval without samples has
none: the total before it holds.
"""

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """A length of an interval; finer ones divide coarser ones."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"

    @property
    def length(self) -> int:
        """The length in microseconds."""
        return _LENGTHS[self]

    def start_of(self, time: int) -> int:
        """Return the start of the interval that contains an instant (microseconds since 1970)."""
        return time - time % self.length


_LENGTHS = {Unit.MINUTE: 60_000_000, Unit.HOUR: 3_600_000_000, Unit.DAY: 86_400_000_000}


@dataclass(frozen=True, slots=True)
class Point:
    """A sample's bytes, objects and time (microseconds since 1970)."""

    size: int
    count: int
    time: int

    def numbers(self) -> list[int]:
        """Return the point as integers, for a row."""
        return [self.size, self.count, self.time]


@dataclass(frozen=True, slots=True)
class Interval:
    """The samples of one interval: the first lowest, the first highest, and how many there are."""

    start: int
    minimum: Point
    maximum: Point
    sample_cnt: int

    @classmethod
    def of(cls, start: int, point: Point) -> "Interval":
        """Return an interval with one sample."""
        return cls(start, point, point, 1)

    def with_point(self, point: Point) -> "Interval":
        """Return the interval with one later sample."""
        return self.merged(Interval.of(point.time, point))

    def merged(self, later: "Interval") -> "Interval":
        """Return the interval with the samples of a later one, too."""
        return Interval(
            self.start,
            min(self.minimum, later.minimum, key=_size),
            max(self.maximum, later.maximum, key=_size),
            self.sample_cnt + later.sample_cnt,
        )

    def numbers(self) -> list[int]:
        """Return the interval as integers, for the totals row."""
        return [self.start, *self.minimum.numbers(), *self.maximum.numbers(), self.sample_cnt]

    @classmethod
    def from_numbers(cls, numbers: list[int]) -> "Interval":
        """Read what `numbers` returned."""
        start, *points, sample_cnt = numbers
        return cls(start, Point(*points[:3]), Point(*points[3:]), sample_cnt)


OpenIntervals = tuple[Interval, ...]
"""The interval of each unit, in the order of `Unit`, that the last sample belongs to; none before the first sample."""


def opened_by(before: OpenIntervals, point: Point) -> OpenIntervals:
    """Return the open intervals after a sample that is later than all others.

    An interval is that of the sample's time, never of a clock's: a clock that steps back would open a closed one again.
    """
    starts = [unit.start_of(point.time) for unit in Unit]
    if not before:
        return tuple(Interval.of(start, point) for start in starts)
    return tuple(
        interval.with_point(point) if interval.start == start else Interval.of(start, point)
        for interval, start in zip(before, starts, strict=True)
    )


def _size(point: Point) -> int:
    return point.size
