"""Where everything in the picture goes and what it says. Pure, so that tests can prove that nothing collides.

The data never rise above a high-water line, so the label on such a line covers none of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from plotting import axes
from plotting import scale as room
from plotting.axes import SizeTick, TimeTick
from plotting.chart import Chart
from plotting.scale import WIDTH, Maximum, Role, Scale, Sizes, sizes_of
from size_history.rollups import Point
from size_history.sources import BucketStatus, Status

MARGIN = 40
GAP = 12
LABEL_INDENT = 4
LABEL_RISE = 8
"""A label's baseline is this much above its line."""
SWATCH = 34
"""A label that is not on its line begins with this much of the line's pattern."""
SIZE_TICK_PIXELS = 62
TIME_TICK_PIXELS = 110


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
"""Returns the width of a text in pixels."""


@dataclass(frozen=True, slots=True)
class HighLine:
    """A high-water line and its label, with the height of the line and of the label's baseline in pixels.

    A label is `apart` from its line, and then shows the line's pattern, if another line is too close.
    """

    role: Role
    value: int
    label: str
    line_y: float
    label_y: float
    apart: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole picture: its texts and its scale. `now` is the last total, as lines of text in falling size."""

    title: str
    title_font: Font
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


def lay_out(chart: Chart, measure: Measure) -> Layout:
    """Return the layout of a chart, fitted to the width of its texts."""
    drawn = chart.reading.line
    sizes = sizes_of(chart)
    ticks = _size_ticks(sizes)
    now = _now(drawn, sizes.reference)
    left = MARGIN + max(measure(tick.label, TICK) for tick in ticks) + GAP
    now_width = max((measure(line, NOTE if number else NOW) for number, line in enumerate(now)), default=0)
    right = WIDTH - MARGIN - (now_width + GAP if now else 0)
    scale = Scale(left, right, room.PLOT_BOTTOM, sizes.top, sizes.low, sizes.high, chart.start, chart.end)
    return Layout(
        title=chart.bucket,
        title_font=_fitted(TITLE, chart.bucket, measure),
        subtitle=_subtitle(chart),
        message="" if drawn else _message(chart),
        scale=scale,
        zoomed=sizes.reference is not None,
        size_ticks=tuple(ticks),
        time_ticks=tuple(axes.time_ticks(chart.start, chart.end, int((right - left) // TIME_TICK_PIXELS))),
        lines=(*_lines_on(sizes, scale, chart, measure), *_lines_off(sizes, scale, chart, measure)),
        break_y=room.PLOT_TOP - room.STRIP * len(sizes.off) - room.BREAK / 2 if sizes.off else None,
        now=now,
        now_y=scale.y(drawn[-1].size) if drawn else scale.bottom,
    )


def _fitted(font: Font, text: str, measure: Measure) -> Font:
    """Return the font, made smaller by half pixels until the text fits into the picture."""
    while measure(text, font) > WIDTH - 2 * MARGIN and font.size > SUBTITLE.size:
        font = replace(font, size=font.size - 0.5)
    return font


def _size_ticks(sizes: Sizes) -> list[SizeTick]:
    maximum = int((sizes.top - room.PLOT_BOTTOM) // SIZE_TICK_PIXELS)
    if sizes.reference is None:
        return axes.size_ticks(sizes.high if sizes.high > 1 else 0, maximum)
    return axes.change_ticks(sizes.reference, sizes.low, sizes.high, maximum)


def _lines_on(sizes: Sizes, scale: Scale, chart: Chart, measure: Measure) -> list[HighLine]:
    """Return the lines on the scale. The labels of two that are too close are stacked above the higher one."""
    lines: list[HighLine] = []
    twins = sizes.stacked and sizes.on[0][1] == sizes.on[1][1]
    for number, maximum in enumerate(sizes.on):
        line_y = scale.y(maximum[1]) + room.LINE_RISE + room.TWIN_RISE * (twins and number)
        highest = scale.y(sizes.on[-1][1]) + room.LINE_RISE + room.TWIN_RISE * twins
        foot = highest + number * room.LABEL_ROW if sizes.stacked else line_y
        label = _label(maximum, chart, scale, measure, reference=sizes.reference)
        lines.append(HighLine(*maximum, label, line_y, foot + LABEL_RISE, apart=sizes.stacked))
    return lines


def _lines_off(sizes: Sizes, scale: Scale, chart: Chart, measure: Measure) -> list[HighLine]:
    lines: list[HighLine] = []
    for number, maximum in enumerate(reversed(sizes.off)):
        line_y = room.PLOT_TOP - room.LABEL_ROW - number * room.STRIP
        label = _label(maximum, chart, scale, measure, reference=None, ending=", off the scale")
        lines.append(HighLine(*maximum, label, line_y, line_y + LABEL_RISE, apart=False))
    return lines


def _label(
    maximum: Maximum, chart: Chart, scale: Scale, measure: Measure, *, reference: int | None, ending: str = ""
) -> str:
    role, value = maximum
    label = f"{role}: {axes.size_text(value)}"
    if reference is not None:
        label += f" ({axes.change_text(value - reference)})"
    if role is Role.BUCKET or chart.highest is None:
        return label + ending
    if chart.highest.bucket == chart.bucket:
        return f"{label} in this bucket{ending}"
    width = scale.right - scale.left - 2 * LABEL_INDENT - SWATCH - GAP
    labels = [f"{label} in {name}{ending}" for name in _cut_names(chart.highest.bucket)]
    return next((text for text in labels if measure(text, LABEL) <= width), labels[-1])


def _cut_names(name: str) -> list[str]:
    """Return a name, then the same name with more and more of its middle left out."""
    halves = range((len(name) - 1) // 2, 0, -1)
    return [name, *(f"{name[:half]}…{name[-half:]}" for half in halves)]


def _now(drawn: Sequence[Point], reference: int | None) -> tuple[str, ...]:
    if not drawn:
        return ()
    last = drawn[-1]
    change = () if reference is None else (axes.change_text(last.size - reference),)
    return (axes.size_text(last.size), *change, _counted(last.count, "object"))


def _subtitle(chart: Chart) -> str:
    parts = ["Total size", axes.span_text(chart.start, chart.end)]
    parts.append(_counted(chart.reading.sample_cnt, "sample"))
    if chart.reading.unit:
        parts.append(f"by {chart.reading.unit}, with minimum and maximum")
    if chart.status.state is not Status.LIVE:
        parts.append(_said(chart.status))
    return "  ·  ".join(parts)


def _message(chart: Chart) -> str:
    if chart.status.state is Status.ADOPTING:
        return "No sample yet: the bucket is still being adopted"
    return "No sample in this range"


def _said(status: BucketStatus) -> str:
    """Return what a state that is not live means for the picture."""
    since = "" if status.since is None else f" since {axes.instant_text(status.since)}"
    return {
        Status.ADOPTING: "still being adopted",
        Status.DEAF: f"NOT HEARD{since}",
        Status.RECOVERING: "heard again, changes may be missing",
        Status.GONE: f"GONE{since}",
    }[status.state]


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
