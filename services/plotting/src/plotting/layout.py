"""Where everything in the picture goes, in pixels from the lower left corner: pure, so that tests can prove it.

The scale is made for the data: it begins at 0 unless the data move by less than a tenth of what they are, and a
high-water line too far above them to share their scale goes into a strip of its own above a break in the axis. No
data lie above a high-water line, so its label, which stands on the line, covers none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from plotting import byte_sizes, time_ticks
from plotting.byte_sizes import SizeTick
from plotting.chart import Chart
from plotting.time_ticks import TimeTick
from size_history.items import Sample, State

WIDTH = 1200
HEIGHT = 675
MARGIN = 40
PLOT_BOTTOM = 78
PLOT_TOP = HEIGHT - 108
LABEL_ROW = 26
"""What a line's label takes above the line."""
LINE_RISE = 2
"""How far a high-water line is above its value: it lies on a data line of that value instead of hiding it."""
TWIN_RISE = 4
"""How far two lines of one value are apart."""
LABEL_RISE = 8
"""How far a label's baseline is above its line."""
STRIP = LABEL_ROW + 11
"""What a line off the scale takes with its label."""
GAP = 12
BREAK = 22
"""What the break in the axis takes below the lines off the scale."""
SIZE_TICK_PIXELS = 62
TIME_TICK_PIXELS = 110
FARTHEST = 5
"""A line at up to so many times the height of the data shares their scale."""
FLATTEST = 10
"""Data that move by less than one part in so many of what they are get a scale that does not begin at 0."""


@dataclass(frozen=True, slots=True)
class Font:
    """A size in pixels, and whether it is bold."""

    size: float
    bold: bool = False


TITLE = Font(23, bold=True)
SUBTITLE = Font(14.5)
TICK = Font(13.5)
LABEL = Font(13.5)
NOW = Font(19, bold=True)
NOTE = Font(13.5)
MESSAGE = Font(17)

Measure = Callable[[str, Font], float]
"""Tells how many pixels wide a text is."""


class Role(StrEnum):
    """Whose high-water line it is."""

    BUCKET = "Highest of this bucket"
    ANY = "Highest of any bucket"


@dataclass(frozen=True, slots=True)
class HighLine:
    """A high-water line: its value in bytes, its label, and the heights of both in pixels (label: its baseline).

    `apart`: the label does not stand on its line, because another line is too close; it needs the line's pattern.
    """

    role: Role
    value: int
    label: str
    line_y: float
    label_y: float
    apart: bool


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
        return self.left + (self.right - self.left) * (max(time, self.start) - self.start) / self._duration

    def y(self, size: int) -> float:
        """Return where a size is."""
        return self.bottom + (self.top - self.bottom) * (size - self.low) / (self.high - self.low)

    @property
    def _duration(self) -> int:
        return max(self.end - self.start, 1)


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole picture: what is written and where the data go. `now` is the last total, in lines, largest first."""

    title: str
    subtitle: str
    message: str
    scale: Scale
    zoomed: bool
    size_ticks: tuple[SizeTick, ...]
    time_ticks: tuple[TimeTick, ...]
    lines: tuple[HighLine, ...]
    break_y: float | None
    now: tuple[str, ...]
    now_y: float


@dataclass(frozen=True, slots=True)
class _Range:
    """What the size axis covers in bytes, the lines on it and off it (lowest first), and from where changes count."""

    low: int
    high: int
    reference: int | None
    on: tuple[tuple[Role, int], ...]
    off: tuple[tuple[Role, int], ...]


def lay_out(chart: Chart, measure: Measure) -> Layout:
    """Return the layout of a chart, fitted to the width of its texts."""
    shown = shown_samples(chart)
    sizes = _range(chart, shown)
    rows = _rows(sizes)
    top = _scale_top(sizes, rows)
    ticks = _size_ticks(sizes, top)
    now = _now(shown, sizes.reference)
    left = MARGIN + max(measure(tick.label, TICK) for tick in ticks) + GAP
    now_width = max((measure(line, NOTE if number else NOW) for number, line in enumerate(now)), default=0)
    right = WIDTH - MARGIN - (now_width + GAP if now else 0)
    scale = Scale(left, right, PLOT_BOTTOM, top, sizes.low, sizes.high, chart.start, chart.end)
    return Layout(
        title=chart.bucket,
        subtitle=_subtitle(chart),
        message="" if shown else _message(chart),
        scale=scale,
        zoomed=sizes.reference is not None,
        size_ticks=tuple(ticks),
        time_ticks=tuple(time_ticks.ticks(chart.start, chart.end, int((right - left) // TIME_TICK_PIXELS))),
        lines=(*_lines_on(sizes, scale, rows, chart), *_lines_off(sizes, chart)),
        break_y=PLOT_TOP - STRIP * len(sizes.off) - BREAK / 2 if sizes.off else None,
        now=now,
        now_y=scale.y(shown[-1].total_size) if shown else scale.bottom,
    )


def shown_samples(chart: Chart) -> tuple[Sample, ...]:
    """Return everything the line passes: the sample in force when the range begins, and those in it."""
    return (chart.before, *chart.samples.kept) if chart.before else chart.samples.kept


def _range(chart: Chart, shown: Sequence[Sample]) -> _Range:
    smallest = min((sample.total_size for sample in shown), default=0)
    largest = max((sample.total_size for sample in shown), default=0)
    change = largest - smallest
    zoomed = 0 < change * FLATTEST < largest
    low = smallest - change // 8 if zoomed else 0
    on: list[tuple[Role, int]] = []
    off: list[tuple[Role, int]] = []
    high = largest
    for role, value in _maxima(chart):
        if high == 0 or value - low <= FARTHEST * (high - low):
            on.append((role, value))
            high = max(high, value)
        else:
            off.append((role, value))
    return _Range(low, max(high, low + 1), shown[0].total_size if zoomed else None, tuple(on), tuple(off))


def _maxima(chart: Chart) -> list[tuple[Role, int]]:
    maxima = []
    if chart.bucket_maximum is not None:
        maxima.append((Role.BUCKET, chart.bucket_maximum))
    if chart.highest is not None:
        maxima.append((Role.ANY, chart.highest.size))
    return maxima


def _rows(sizes: _Range) -> int:
    """Return how many rows of labels stand above the highest line on the scale: two where two lines are too close."""
    if len(sizes.on) < 2:
        return len(sizes.on)
    pixels = _scale_top(sizes, 1) - PLOT_BOTTOM
    apart = pixels * (sizes.on[1][1] - sizes.on[0][1]) / (sizes.high - sizes.low)
    return 1 if apart >= LABEL_ROW else 2


def _scale_top(sizes: _Range, rows: int) -> float:
    off = STRIP * len(sizes.off) + BREAK if sizes.off else 0
    return PLOT_TOP - off - LABEL_ROW * rows - LINE_RISE - (TWIN_RISE if rows == 2 else 0)


def _size_ticks(sizes: _Range, top: float) -> list[SizeTick]:
    most = int((top - PLOT_BOTTOM) // SIZE_TICK_PIXELS)
    if sizes.reference is None:
        return byte_sizes.ticks(sizes.high if sizes.high > 1 else 0, most)
    return byte_sizes.change_ticks(sizes.reference, sizes.low, sizes.high, most)


def _lines_on(sizes: _Range, scale: Scale, rows: int, chart: Chart) -> list[HighLine]:
    """Return the lines on the scale; two that are too close have their labels stacked above the higher one."""
    lines: list[HighLine] = []
    stacked = rows == 2
    twins = stacked and sizes.on[0][1] == sizes.on[1][1]
    for number, (role, value) in enumerate(sizes.on):
        line_y = scale.y(value) + LINE_RISE + TWIN_RISE * (twins and number)
        top = scale.y(sizes.on[-1][1]) + LINE_RISE + TWIN_RISE * twins
        foot = top + number * LABEL_ROW if stacked else line_y
        label = _label(role, value, chart, sizes.reference)
        lines.append(HighLine(role, value, label, line_y, foot + LABEL_RISE, apart=stacked))
    return lines


def _lines_off(sizes: _Range, chart: Chart) -> list[HighLine]:
    lines = []
    for number, (role, value) in enumerate(reversed(sizes.off)):
        line_y = PLOT_TOP - LABEL_ROW - number * STRIP
        label = _label(role, value, chart, None) + ", off the scale"
        lines.append(HighLine(role, value, label, line_y, line_y + LABEL_RISE, apart=False))
    return lines


def _label(role: Role, value: int, chart: Chart, reference: int | None) -> str:
    label = f"{role}: {byte_sizes.human(value)}"
    if reference is not None:
        label += f" ({byte_sizes.human_change(value - reference)})"
    if role is Role.ANY and chart.highest is not None:
        label += " in this bucket" if chart.highest.bucket == chart.bucket else f" in {chart.highest.bucket}"
    return label


def _now(shown: Sequence[Sample], reference: int | None) -> tuple[str, ...]:
    if not shown:
        return ()
    last = shown[-1]
    change = () if reference is None else (byte_sizes.human_change(last.total_size - reference),)
    return (byte_sizes.human(last.total_size), *change, _counted(last.object_cnt, "object"))


def _subtitle(chart: Chart) -> str:
    parts = ["Total size", time_ticks.span_text(chart.start, chart.end)]
    parts.append(_counted(chart.samples.count, "sample"))
    if chart.state is State.ADOPTING:
        parts.append("still being adopted")
    return "  ·  ".join(parts)


def _message(chart: Chart) -> str:
    if chart.state is State.ADOPTING:
        return "No sample yet: the bucket is still being adopted"
    return "No sample in this range"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
