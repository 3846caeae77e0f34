"""Reads what a bucket weighed in a range of time: few samples as they are, many as minimum and maximum of intervals.

The number of reads and their bytes have a limit that depends neither on the range nor on how many samples it has.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

from plotting.hierarchy import Cover, Span, cover
from plotting.history import History
from plotting.ledger import Ledger
from plotting.parsing import Range
from size_history.items import Rollup, Sample, Totals, folded
from size_history.rollups import Point, Unit

MAX_SAMPLES = 2000
"""A range with at most this many samples is answered by the samples."""


class RollupsMissingError(Exception):
    """A range has too many samples to answer by them, and the rollups of its bucket are still being made."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a bucket weighed in a range.

    `before` is the sample in force when it begins. Each of `points` is an interval of `unit`, or a single sample if that
    is None; the intervals at both ends have only the samples within the range.
    """

    unit: Unit | None
    before: Sample | None
    points: tuple[Rollup, ...]

    @property
    def sample_cnt(self) -> int:
        """The number of samples in the range."""
        return sum(point.interval.sample_cnt for point in self.points)

    @property
    def line(self) -> tuple[Point, ...]:
        """The totals that the line passes: the one in force when the range begins, and the last one of each point."""
        first = (self.before.point,) if self.before else ()
        return (*first, *(point.last for point in self.points))

    @property
    def minimum(self) -> Point | None:
        """The first of the lowest totals that were in force in the range; None if there was none yet."""
        return min((*self._first(), *(point.interval.minimum for point in self.points)), key=_size, default=None)

    @property
    def maximum(self) -> Point | None:
        """The first of the highest totals that were in force in the range; None if there was none yet."""
        return max((*self._first(), *(point.interval.maximum for point in self.points)), key=_size, default=None)

    def _first(self) -> tuple[Point, ...]:
        return (self.before.point,) if self.before else ()


@dataclass(frozen=True, slots=True)
class Ranges:
    """The history and the rollups of the ledger; independent reads run in `threads` at the same time."""

    history: History
    ledger: Ledger
    threads: Executor

    def read(self, range_: Range, totals: Totals) -> Reading:
        """Return what a bucket weighed in a range, as of these totals. Raises RollupsMissingError."""
        bucket, start = range_.bucket, range_.start
        before = self.threads.submit(self.history.sample_before, bucket, start)
        # A tracker whose clock is ahead writes samples later than now, which a live range has, too.
        last = totals.last_time + 1
        end = last if range_.live else min(range_.end, last)
        if start >= end:
            return Reading(None, before.result(), ())
        samples, until = self.history.first_samples(bucket, start, end, MAX_SAMPLES)
        if until == end and len(samples) <= MAX_SAMPLES:
            return Reading(None, before.result(), tuple(_of_samples(samples)))
        if totals.open is None:
            raise RollupsMissingError(
                f"the rollups of {bucket} are still being made, and the range has more than {MAX_SAMPLES} samples"
            )
        covered = cover(start, end, totals)
        parts = list(self._parts(bucket, covered, samples, until))
        if covered.unit is None:
            return Reading(None, before.result(), tuple(parts))
        if covered.open:
            parts.append(totals.open_rollup(covered.unit))
        return Reading(covered.unit, before.result(), tuple(folded(covered.unit, parts)))

    def _parts(self, bucket: str, covered: Cover, samples: list[Sample], until: int) -> Iterator[Rollup]:
        """Read what covers a range, in the order of time; `samples` are those up to `until`, read already."""
        read = {}
        for middle in (span for span in covered.spans if span.unit and span.unit is covered.unit):
            read[middle] = self.threads.submit(self.ledger.rollups, bucket, middle)
        ends = [span for span in covered.spans if span.unit and span not in read]
        finer = self.threads.submit(self.ledger.rollups_at, bucket, ends)
        for span in covered.spans:
            if span.unit is None:
                yield from _of_samples(self._samples(bucket, span, samples, until))
            elif span in read:
                yield from read[span].result()
            else:
                yield from (each for each in finer.result() if span.has(each))

    def _samples(self, bucket: str, span: Span, samples: list[Sample], until: int) -> list[Sample]:
        if span.end <= until:
            return [sample for sample in samples if span.start <= sample.time < span.end]
        return self.history.samples(bucket, span.start, span.end)


def _of_samples(samples: list[Sample]) -> Iterator[Rollup]:
    return (Rollup.of(Unit.MINUTE, sample) for sample in samples)


def _size(point: Point) -> int:
    return point.size
