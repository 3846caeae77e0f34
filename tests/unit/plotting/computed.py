"""A bucket with any number of samples spread evenly over ten years, whose rows are computed when they are asked for."""

from dataclasses import dataclass

from size_history import keys, times
from size_history.items import Rollup, Sample, State, Totals
from size_history.rollups import Interval, Point, Unit
from size_history.sources import Source
from tests.unit.plotting.stored import BUCKET, HISTORY, LEDGER, Engine, Listed

NOW = 1_795_162_530_250_000
"""2026-11-20T08:15:30.250000Z"""
TEN_YEARS = 10 * 365 * 86_400_000_000
SPIKE = 10**15


@dataclass(frozen=True)
class Steady:
    """A bucket that grows with each of `count` samples, the last of them at NOW, and has one spike in the middle."""

    count: int
    changed_keys: tuple[str, ...] = ("photos/2026/11/IMG_0001.jpg",)

    @property
    def step(self):
        """The microseconds between samples."""
        return TEN_YEARS // self.count

    @property
    def spike(self):
        """The number of the sample with the spike."""
        return self.count // 2

    def point(self, number):
        """Return a sample's total."""
        size = SPIKE if number == self.spike else 1_000_000 + 977 * number
        return Point(size, number, NOW - (self.count - 1 - number) * self.step)

    def since(self, time):
        """Return the number of the first sample at or after an instant."""
        return max(self.count - 1 - (NOW - time) // self.step, 0)

    def interval(self, unit, number):
        """Return a unit's interval that contains a sample, as a rollup."""
        start = unit.start_of(self.point(number).time)
        first, last = self.since(start), min(self.since(start + unit.length), self.count) - 1
        minimum, maximum, _ = self.extremes(first, last)
        return Rollup(
            unit, Interval(start, minimum, maximum, last - first + 1), self.point(last), last + 1, 0, 0
        )

    def extremes(self, first, last):
        """Return the minimum and maximum of samples, and how many they are."""
        lowest = first + 1 if first == self.spike and first < last else first
        highest = self.spike if first <= self.spike <= last else last
        return self.point(lowest), self.point(highest), last - first + 1

    def totals(self):
        """Return the totals after the last sample."""
        last = self.point(self.count - 1)
        opened = tuple(self.interval(unit, self.count - 1).interval for unit in Unit)
        return Totals(
            last.size, last.count, self.count, 0, 0, SPIKE, last.time, self.count, State.LIVE, opened
        )

    def engine(self):
        """Return an engine that holds the bucket."""
        closed = {keys.rollup_pk(BUCKET, unit): _Intervals(self, unit) for unit in Unit}
        of_bucket = {
            BUCKET: Listed([(keys.TOTALS, self.totals().to_item(BUCKET))]),
            keys.EVERY_BUCKET: Listed([(keys.BUCKET_ROW + BUCKET, Source(1).to_item(BUCKET))]),
        }
        return Engine({HISTORY: {BUCKET: _Samples(self)}, LEDGER: of_bucket | closed}, SPIKE)


@dataclass(frozen=True)
class _Samples:
    bucket: Steady

    def between(self, first, last, *, descending):
        """Yield the samples from `first` to `last`."""
        begin, end = (self.bucket.since(times.from_text(edge)) for edge in (first, last))
        end = min(end, self.bucket.count)
        end += end < self.bucket.count and times.to_text(self.bucket.point(end).time) <= last
        for number in reversed(range(begin, end)) if descending else range(begin, end):
            point = self.bucket.point(number)
            keys_ = self.bucket.changed_keys
            sample = Sample(BUCKET, point.time, point.size, point.count, number, 0, 0, number, keys_, 1)
            yield times.to_text(point.time), sample.to_item()


@dataclass(frozen=True)
class _Intervals:
    bucket: Steady
    unit: Unit

    def between(self, first, last, *, descending):
        """Yield the closed intervals that begin from `first` to `last`, which are asked for in rising order only."""
        assert not descending
        number = self.bucket.since(times.from_text(first))
        opened = self.unit.start_of(NOW)
        while number < self.bucket.count:
            rollup = self.bucket.interval(self.unit, number)
            start = rollup.interval.start
            if start == opened or times.to_text(start) > last:
                return
            if times.to_text(start) >= first:
                yield times.to_text(start), rollup.to_item(BUCKET)
            number = self.bucket.since(start + self.unit.length)
