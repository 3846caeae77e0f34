"""The scales of the picture: the sizes its axis covers, the high-water lines on it, and how high it is.

The axis starts at 0, unless the data change by less than a tenth of their largest size. A high-water line shares the
axis up to five times the height of the data; a higher one gets a strip of its own above a break in the axis.
services/plotting/page/src/series.js follows the same rule. Pixels count from the lower left corner.
"""

from dataclasses import dataclass
from enum import StrEnum

from plotting.chart import Chart

WIDTH = 1200
HEIGHT = 675
PLOT_BOTTOM = 78
PLOT_TOP = HEIGHT - 108
LABEL_ROW = 26
"""The room for a line's label above the line."""
LINE_RISE = 3
"""A high-water line is this much above its value, so that it does not hide a data line of that value."""
TWIN_RISE = 4
"""The distance of two lines of the same value."""
STRIP = LABEL_ROW + 10
"""The room for a line off the scale, with its label."""
BREAK = 22
"""The room for the break in the axis, below the lines off the scale."""
MAX_STRETCH = 5
"""A line up to this many times the height of the data is on their scale."""
MIN_CHANGE = 10
"""Data that change by less than one part in this many of their largest size get an axis that does not start at 0."""


class Role(StrEnum):
    """Whose high-water line it is."""

    BUCKET = "Highest of this bucket"
    ANY = "Highest of any bucket"


Maximum = tuple[Role, int]
"""A high-water line and its value in bytes."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The bytes that the size axis covers, and the high-water lines on it and off it, lowest first.

    `reference` is the size that changes are counted from; None if the axis starts at 0.
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
        """Return where the highest size of the scale is, in pixels; the lines' labels have room above it."""
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
        """Return where an instant is; one before the range is at the left edge."""
        past = max(time, self.start) - self.start
        return self.left + (self.right - self.left) * past / max(self.end - self.start, 1)

    def y(self, size: int) -> float:
        """Return where a size is."""
        return self.bottom + (self.top - self.bottom) * (size - self.low) / (self.high - self.low)


def sizes_of(chart: Chart) -> Sizes:
    """Return the sizes that the axis covers for the totals of the range and the chart's maxima."""
    reading = chart.reading
    smallest = reading.minimum.size if reading.minimum else 0
    largest = reading.maximum.size if reading.maximum else 0
    change = largest - smallest
    zoomed = 0 < change * MIN_CHANGE < largest
    low = smallest - change // 8 if zoomed else 0
    on: list[Maximum] = []
    off: list[Maximum] = []
    high = largest
    for role, value in _maxima(chart):
        if high == 0 or value - low <= MAX_STRETCH * (high - low):
            on.append((role, value))
            high = max(high, value)
        else:
            off.append((role, value))
    return Sizes(low, max(high, low + 1), reading.line[0].size if zoomed else None, tuple(on), tuple(off))


def _maxima(chart: Chart) -> list[Maximum]:
    maxima = []
    if chart.bucket_maximum is not None:
        maxima.append((Role.BUCKET, chart.bucket_maximum))
    if chart.highest is not None:
        maxima.append((Role.ANY, chart.highest.size))
    return maxima
