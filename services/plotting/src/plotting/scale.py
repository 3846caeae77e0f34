"""The scales of the picture: which sizes its axis covers, which high-water lines are on it, and how high it is.

The scale is made for the data: it begins at 0 unless the data move by less than a tenth of what they are, and a
high-water line too far above them to share their scale goes into a strip of its own above a break in the axis.
Everything in pixels is from the lower left corner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from plotting.chart import Chart
from size_history.items import Sample

WIDTH = 1200
HEIGHT = 675
PLOT_BOTTOM = 78
PLOT_TOP = HEIGHT - 108
LABEL_ROW = 26
"""What a line's label takes above the line."""
LINE_RISE = 3
"""How far a high-water line is above its value: it lies on a data line of that value instead of hiding it."""
TWIN_RISE = 4
"""How far two lines of one value are apart."""
STRIP = LABEL_ROW + 10
"""What a line off the scale takes with its label."""
BREAK = 22
"""What the break in the axis takes below the lines off the scale."""
FARTHEST = 5
"""A line at up to so many times the height of the data shares their scale."""
FLATTEST = 10
"""Data that move by less than one part in so many of what they are get a scale that does not begin at 0."""


class Role(StrEnum):
    """Whose high-water line it is."""

    BUCKET = "Highest of this bucket"
    ANY = "Highest of any bucket"


Maximum = tuple[Role, int]
"""A high-water line and its value in bytes."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the size axis covers, in bytes, and the high-water lines on it and off it, lowest first.

    `reference` is the size that changes are counted from, where the axis does not begin at 0; otherwise None.
    """

    low: int
    high: int
    reference: int | None
    on: tuple[Maximum, ...]
    off: tuple[Maximum, ...]

    @property
    def stacked(self) -> bool:
        """Whether the two lines on the scale are too close for each to carry its label."""
        if len(self.on) < 2:
            return False
        pixels = self._top(rows=1) - PLOT_BOTTOM
        return pixels * (self.on[1][1] - self.on[0][1]) / (self.high - self.low) < LABEL_ROW

    @property
    def top(self) -> float:
        """Return where the highest size of the scale is, in pixels; above it there is room for the lines' labels."""
        return self._top(rows=2) - TWIN_RISE if self.stacked else self._top(rows=min(len(self.on), 1))

    def _top(self, rows: int) -> float:
        off = STRIP * len(self.off) + BREAK if self.off else 0
        return PLOT_TOP - off - LABEL_ROW * rows - LINE_RISE


@dataclass(frozen=True, slots=True)
class Scale:
    """The area that data are drawn in: its edges in pixels, in bytes and in microseconds since 1970."""

    left: float
    right: float
    bottom: float
    top: float
    low: int
    high: int
    start: int
    end: int

    def x(self, time: int) -> float:
        """Return where an instant is; what lies before the range is at its left edge."""
        past = max(time, self.start) - self.start
        return self.left + (self.right - self.left) * past / max(self.end - self.start, 1)

    def y(self, size: int) -> float:
        """Return where a size is."""
        return self.bottom + (self.top - self.bottom) * (size - self.low) / (self.high - self.low)


def shown_samples(chart: Chart) -> tuple[Sample, ...]:
    """Return everything the line passes: the sample in force when the range begins, and those in it."""
    return (chart.before, *chart.samples.kept) if chart.before else chart.samples.kept


def sizes_of(chart: Chart, shown: Sequence[Sample]) -> Sizes:
    """Return what the size axis covers for the samples shown and the chart's maxima."""
    smallest = min((sample.total_size for sample in shown), default=0)
    largest = max((sample.total_size for sample in shown), default=0)
    change = largest - smallest
    zoomed = 0 < change * FLATTEST < largest
    low = smallest - change // 8 if zoomed else 0
    on: list[Maximum] = []
    off: list[Maximum] = []
    high = largest
    for role, value in _maxima(chart):
        if high == 0 or value - low <= FARTHEST * (high - low):
            on.append((role, value))
            high = max(high, value)
        else:
            off.append((role, value))
    return Sizes(low, max(high, low + 1), shown[0].total_size if zoomed else None, tuple(on), tuple(off))


def _maxima(chart: Chart) -> list[Maximum]:
    maxima = []
    if chart.bucket_maximum is not None:
        maxima.append((Role.BUCKET, chart.bucket_maximum))
    if chart.highest is not None:
        maxima.append((Role.ANY, chart.highest.size))
    return maxima
