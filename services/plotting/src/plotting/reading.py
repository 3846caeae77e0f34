"""What a bucket weighed in a range of time, as it was read: points, and the exact extremes."""

from collections.abc import Iterable
from dataclasses import dataclass

from plotting.parsing import Range
from size_history.items import Rollup, Sample
from size_history.rollups import Point, Unit


@dataclass(frozen=True, slots=True)
class Reading:
    """What a bucket weighed in a range.

    `before` is the total in force when it begins, `first` the same or, if there was none yet, the first one in the range.
    Each of `points` is an interval of `unit`, or a single sample if that is None; the intervals at both ends have only
    the samples within the range.
    """

    range: Range
    unit: Unit | None
    before: Point | None
    first: Point | None
    points: tuple[Rollup, ...]

    @property
    def sample_cnt(self) -> int:
        """The number of samples in the range."""
        return sum(point.interval.sample_cnt for point in self.points)

    @property
    def line(self) -> tuple[Point, ...]:
        """The totals that the line passes: the first one, and the last one of each point."""
        lasts = tuple(point.last for point in self.points)
        return lasts if self.first is None or lasts[:1] == (self.first,) else (self.first, *lasts)

    @property
    def minimum(self) -> Point | None:
        """The first of the lowest totals that were in force in the range; None if there was none yet."""
        return min(
            (*self._before(), *(point.interval.minimum for point in self.points)), key=_size, default=None
        )

    @property
    def maximum(self) -> Point | None:
        """The first of the highest totals that were in force in the range; None if there was none yet."""
        return max(
            (*self._before(), *(point.interval.maximum for point in self.points)), key=_size, default=None
        )

    @property
    def end(self) -> int:
        """The end of the range, or the last total's time: a tracker whose clock is ahead writes samples later than now."""
        line = self.line
        return max(self.range.end, line[-1].time) if line else self.range.end

    def _before(self) -> tuple[Point, ...]:
        return (self.before,) if self.before else ()


def of_samples(samples: Iterable[Sample]) -> tuple[Rollup, ...]:
    """Return samples as points."""
    return tuple(Rollup.of(Unit.MINUTE, sample) for sample in samples)


def _size(point: Point) -> int:
    return point.size
