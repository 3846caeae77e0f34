"""Reads what a bucket weighed in a range of time: few samples as they are, many as minimum and maximum of intervals.

The number of reads and their bytes have a limit that depends neither on the range nor on how many samples it has.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from plotting.hierarchy import Cover, Span, cover
from plotting.history import History
from plotting.in_force import InForce, RollupsMissingError, open_minute, points_of, time_of
from plotting.parsing import Range
from plotting.reading import Reading, of_samples
from plotting.retention import ceiling
from plotting.rollups import Rollups
from size_history.items import Rollup, Sample, Totals, folded
from size_history.rollups import Point, Unit

MAX_SAMPLES = 2000
"""A range with at most this many samples is answered by the samples."""
KEYS_AT_ONCE = 100
"""Rows that DynamoDB reads by key in one request (its limit)."""


class _OverfullError(Exception):
    """A part of a minute has too many samples, because a tracker's clock was ahead. `span` is that part."""

    def __init__(self, span: Span) -> None:
        self.span = span


@dataclass(frozen=True, slots=True)
class Ranges:
    """The samples and the rollups of every bucket; independent reads run in `threads` at the same time."""

    history: History
    rollups: Rollups
    threads: Executor

    def read(self, range_: Range, totals: Totals, horizon: int = 0) -> Reading:
        """Return what a bucket weighed in a range, as of these totals. Raises RollupsMissingError.

        `horizon` is the instant from which on samples are kept (`retention.py`); the range is fitted to it. A range that
        ends in a minute with more than MAX_SAMPLES samples is extended to that whole minute, and the reading says so.
        """
        # A tracker whose clock is ahead writes samples later than now, which a live range has, too.
        last = totals.last_time + 1
        end = last if range_.live else min(range_.end, last)
        in_force = InForce(self.history, self.rollups)
        if range_.start >= end:
            before = in_force.at(range_.bucket, range_.start - 1, totals, horizon)
            return Reading(range_, None, before, before, ())
        began = self.threads.submit(in_force.at, range_.bucket, range_.start - 1, totals, horizon)
        try:
            unit, first, points = self._points(range_, end, totals)
        except _OverfullError as error:
            return self.read(_without(error.span, range_), totals, horizon)
        before = began.result()
        return Reading(range_, unit, before, before or first, tuple(points))

    def _points(
        self, range_: Range, end: int, totals: Totals
    ) -> tuple[Unit | None, Point | None, Iterable[Rollup]]:
        """Return the unit of a range's points, the first total in it that is known, and the points."""
        bucket, start, until = range_.bucket, range_.start, range_.start
        samples: list[Sample] = []
        if range_.kept:
            samples, until = self.history.first_samples(bucket, start, end, MAX_SAMPLES)
            if until >= end and len(samples) <= MAX_SAMPLES:
                return None, samples[0].point if samples else None, of_samples(samples)
        if totals.open is None:
            raise RollupsMissingError(bucket)
        first = self._first_minute(bucket, start, end, totals) if not samples else of_samples(samples[:1])[0]
        if first is None:
            return None, None, ()
        covered = cover(_not_before(first.interval.start, start), end, totals)
        parts = list(self._parts(bucket, covered, samples, until))
        if covered.open and covered.unit:
            parts.append(totals.open_rollup(covered.unit))
        if not parts:
            return None, None, ()
        known = (point for point in (*points_of(first), *points_of(parts[0])) if point.time < end)
        earliest = min(known, key=time_of)
        return covered.unit, earliest, folded(covered.unit, parts) if covered.unit else parts

    def _first_minute(self, bucket: str, start: int, end: int, totals: Totals) -> Rollup | None:
        closed = self.rollups.first_minute(bucket, start, end)
        opened = (minute for minute in open_minute(totals) if start <= minute.interval.start < end)
        return closed or next(opened, None)

    def _parts(self, bucket: str, covered: Cover, samples: Sequence[Sample], until: int) -> Iterator[Rollup]:
        """Read what covers a range, in the order of time; `samples` are those up to `until`, read already."""
        read = {
            span: self.threads.submit(self.rollups.of, bucket, span)
            for span in covered.spans
            if span.unit and span.unit is covered.unit
        }
        starts = [
            (span.unit, start)
            for span in covered.spans
            if span.unit and span not in read
            for start in span.starts()
        ]
        finer = [
            self.threads.submit(self.rollups.at, bucket, starts[at : at + KEYS_AT_ONCE])
            for at in range(0, len(starts), KEYS_AT_ONCE)
        ]
        for span in covered.spans:
            if span.unit is None:
                yield from of_samples(self._samples(bucket, span, samples, until))
            elif span in read:
                yield from read[span].result()
            else:
                found = (rollup for some in finer for rollup in some.result() if span.has(rollup))
                yield from sorted(found, key=lambda rollup: rollup.interval.start)

    def _samples(self, bucket: str, span: Span, samples: Sequence[Sample], until: int) -> Sequence[Sample]:
        if span.end <= until:
            return [sample for sample in samples if span.start <= sample.time < span.end]
        found, until = self.history.first_samples(bucket, span.start, span.end, MAX_SAMPLES)
        if until < span.end or len(found) > MAX_SAMPLES:
            raise _OverfullError(span)
        return found


def _not_before(first: int, start: int) -> int:
    """Return a start of an interval that leaves out no sample from `start` on; none is before the minute `first`."""
    starts = (unit.start_of(first) for unit in reversed(Unit))
    return next((begins for begins in starts if begins >= start), start)


def _without(span: Span, range_: Range) -> Range:
    """Return a range whose edge in a part of a minute is moved outward to the whole minute."""
    if span.start == Unit.MINUTE.start_of(span.start):
        return replace(range_, end=ceiling(range_.end))
    return replace(range_, start=Unit.MINUTE.start_of(range_.start), kept=False)
