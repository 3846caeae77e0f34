"""How a range is covered by rollups, pure: the unit of its points, and the rows and samples that it takes.

Closed intervals of one unit cover the middle of a range. Finer ones cover what is left at both ends down to whole minutes,
and samples cover the rest. Totals have the open interval after the last closed one. So the number of reads does not
depend on the range, every sample counts once, and minimum and maximum are exact.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from size_history.items import Rollup, Totals
from size_history.rollups import Unit

MAX_POINTS = 3000
"""A unit serves for a range with at most this many of its intervals, which fit into one page of 1 MB: minutes for two days,
hours for four months. Days serve for any."""
_UNITS: Sequence[Unit] = tuple(Unit)


@dataclass(frozen=True, slots=True)
class Span:
    """The closed intervals of a unit, or (None) the samples, from `start` to before `end` (microseconds since 1970)."""

    unit: Unit | None
    start: int
    end: int

    def starts(self) -> range:
        """Return the starts of the intervals."""
        return range(self.start, self.end, self.unit.length) if self.unit else range(0)

    def has(self, rollup: Rollup) -> bool:
        """Return whether a closed interval is one of the span."""
        return rollup.unit is self.unit and self.start <= rollup.interval.start < self.end


@dataclass(frozen=True, slots=True)
class Cover:
    """What covers a range: the unit of its points, the spans to read in the order of time, and whether the open interval follows.

    Points of samples have no unit.
    """

    unit: Unit | None
    spans: tuple[Span, ...]
    open: bool


def cover(start: int, end: int, totals: Totals) -> Cover:
    """Return what covers a range up to the last sample of these totals, whose open intervals are known."""
    units = _UNITS[: _UNITS.index(_unit_for(start, end)) + 1]
    if end <= totals.last_time:
        return Cover(units[-1], tuple(_spans(units, start, end)), open=False)
    # An open interval that begins before the range would bring samples from before it: a finer unit serves then.
    while units and units[-1].start_of(totals.last_time) < start:
        units = units[:-1]
    if not units:
        return Cover(None, (Span(None, start, totals.last_time + 1),), open=False)
    closed = units[-1].start_of(totals.last_time)
    return Cover(units[-1], tuple(_spans(units, start, closed)), open=True)


def _unit_for(start: int, end: int) -> Unit:
    return next((unit for unit in _UNITS if end - start <= MAX_POINTS * unit.length), _UNITS[-1])


def _spans(units: Sequence[Unit], start: int, end: int) -> Iterator[Span]:
    """Yield what covers a range that is final, with intervals of the last unit in its middle."""
    if start >= end:
        return
    if not units:
        yield Span(None, start, end)
        return
    unit, finer = units[-1], units[:-1]
    first, last = -(-start // unit.length) * unit.length, unit.start_of(end)
    if first > last:
        yield from _spans(finer, start, end)
        return
    yield from _spans(finer, start, first)
    if first < last:
        yield Span(unit, first, last)
    yield from _spans(finer, last, end)
