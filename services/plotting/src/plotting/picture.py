"""The picture: a chart as PNG or SVG bytes, drawn with matplotlib's Figure on Agg, never pyplot.

Only the routes with a picture import this module, because matplotlib takes a second to import. Artists go straight
onto the figure, at the pixels that `layout` computes. That takes two thirds of the time of matplotlib's axes (measured),
and nothing is left to chance.
"""

import io
import pathlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

from plotting import layout as at
from plotting.chart import Chart
from plotting.layout import Font, Layout, Measure, lay_out
from plotting.reading import Reading
from plotting.scale import HEIGHT, PLOT_TOP, WIDTH, Role, Scale
from size_history.rollups import Point

DPI = 72
"""At this resolution a point, the unit of fonts and line widths, is a pixel. SVG has no other resolution."""

# Okabe and Ito's blue and vermilion, dark enough for text, and ink. Lightness and dashes differ too, so the lines can be
# told apart without colour vision. https://jfly.uni-koeln.de/color/
PAPER = "#ffffff"
INK = "#1d2433"
MUTED = "#5a6474"
RULE = "#e6e9ee"
BASE = "#9aa3b0"
DATA = "#0068a8"
AREA = "#e8f1f8"
BAND = "#7fb4d9"
LINE_STYLES: dict[Role, dict[str, Any]] = {
    Role.BUCKET: {"colour": "#bd4b00", "width": 1.6, "linestyle": (0, (7, 4))},
    Role.ANY: {"colour": INK, "width": 1.6, "linestyle": (0, (1.5, 3))},
}

MAX_DOTS = 1000
"""With more samples, dots would only hide the line."""
MIN_DOT, MAX_DOT = 3.6, 9.0
"""Diameters in pixels; between them, a dot takes most of the median distance to the next one."""

# These override a machine's matplotlibrc, except for the backend: setting that imports pyplot.
_DEFAULTS = {**mpl.rcParamsDefault}
del _DEFAULTS["backend"]
_FONTS = pathlib.Path(mpl.get_data_path()) / "fonts" / "ttf"
_REGULAR = _FONTS / "DejaVuSans.ttf"
_BOLD = _FONTS / "DejaVuSans-Bold.ttf"


def draw(chart: Chart) -> bytes:
    """Return a chart as a PNG of 1,200 by 675 pixels; the same chart gives the same bytes."""
    with mpl.rc_context(_DEFAULTS):
        out = io.BytesIO()
        _canvas(chart).print_png(out, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return out.getvalue()


def draw_svg(chart: Chart) -> bytes:
    """Return a chart as SVG with letters as outlines, so that no font is needed; the same chart gives the same bytes."""
    with mpl.rc_context({**_DEFAULTS, "svg.hashsalt": "tidemark", "svg.fonttype": "path"}):
        figure = _canvas(chart).figure
        figure.set_dpi(DPI)  # the artists are in pixels, and SVG's canvas would scale them
        out = io.BytesIO()
        metadata = {"Title": chart.bucket, "Date": None, "Creator": None}
        FigureCanvasSVG(figure).print_svg(out, metadata=metadata)  # type: ignore[no-untyped-call]
    return out.getvalue()


def measure_of(canvas: FigureCanvasAgg) -> Measure:
    """Return a function for the width of texts in pixels, as a canvas draws them."""
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]

    def measure(text: str, font: Font) -> float:
        width, _, _ = renderer.get_text_width_height_descent(text, _properties(font), ismath=False)
        return float(width)

    return measure


def _canvas(chart: Chart) -> FigureCanvasAgg:
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=PAPER)
    canvas = FigureCanvasAgg(figure)
    layout = lay_out(chart, measure_of(canvas))
    pen = _Pen(figure)
    _draw_heading(pen, layout)
    _draw_size_axis(pen, layout)
    _draw_time_axis(pen, layout)
    _draw_high_lines(pen, layout)
    _draw_data(pen, chart, layout)
    _draw_now(pen, layout)
    return canvas


class _Pen:
    """Draws lines and texts onto a figure, in pixels."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure

    def line(self, xs: Sequence[float], ys: Sequence[float], colour: str, width: float, **style: Any) -> None:
        style = {"solid_capstyle": "butt", "solid_joinstyle": "miter", "zorder": 2, **style}
        self.figure.add_artist(
            Line2D(xs, ys, transform=IdentityTransform(), color=colour, linewidth=width, **style)
        )

    def rule(self, scale: Scale, y: float, colour: str) -> None:
        y = round(y) + 0.5  # in the middle of a pixel a line is crisp
        self.line([scale.left, scale.right], [y, y], colour, 1, zorder=0.7)

    def text(self, x: float, y: float, text: str, font: Font, colour: str, **style: Any) -> Text:
        style = {"transform": IdentityTransform(), "parse_math": False, "zorder": 5, **style}
        made = Text(x, y, text, color=colour, fontproperties=_properties(font), **style)
        self.figure.add_artist(made)
        return made


def _draw_heading(pen: _Pen, layout: Layout) -> None:
    pen.text(at.MARGIN, HEIGHT - 48, layout.title, layout.title_font, INK)
    pen.text(at.MARGIN, HEIGHT - 76, layout.subtitle, at.SUBTITLE, MUTED)
    if layout.message:
        x, y = (layout.scale.left + layout.scale.right) / 2, (layout.scale.bottom + PLOT_TOP) / 2
        pen.text(x, y, layout.message, at.MESSAGE, MUTED, ha="center", va="center_baseline")


def _draw_size_axis(pen: _Pen, layout: Layout) -> None:
    scale = layout.scale
    for tick in layout.size_ticks:
        y = scale.y(tick.value)
        pen.rule(scale, y, RULE)
        pen.text(scale.left - at.GAP, y, tick.label, at.TICK, MUTED, ha="right", va="center_baseline")
    pen.rule(scale, scale.bottom, BASE)
    breaks = [] if layout.break_y is None else [layout.break_y]
    for y in [*breaks, scale.bottom + 12] if layout.zoomed else breaks:
        for up in (0, 6):  # two strokes across the left end of the axis
            pen.line([scale.left - 7, scale.left + 7], [y - 7 + up, y - 1 + up], MUTED, 1.2)


def _draw_time_axis(pen: _Pen, layout: Layout) -> None:
    bottom = layout.scale.bottom
    for tick in layout.time_ticks:
        x = layout.scale.x(tick.time)
        pen.line([x, x], [bottom - 6, bottom], BASE, 1)
        pen.text(x, bottom - 24, tick.label, at.TICK, MUTED, ha="center")
        if tick.belongs_to:
            pen.text(x, bottom - 43, tick.belongs_to, at.TICK, MUTED, ha="center")


def _draw_high_lines(pen: _Pen, layout: Layout) -> None:
    scale = layout.scale
    for line in layout.lines:
        style = LINE_STYLES[line.role]
        y, x = round(line.line_y), scale.left + at.LABEL_INDENT
        pen.line([scale.left, scale.right], [y, y], **style)
        if line.apart:
            y = round(line.label_y + at.LABEL.size * 0.36)
            pen.line([x, x + at.SWATCH], [y, y], **style)
            x += at.SWATCH + 8
        label = pen.text(x, line.label_y, line.label, at.LABEL, style["colour"])
        label.set_bbox({"facecolor": PAPER, "edgecolor": "none", "pad": 1})


def _draw_data(pen: _Pen, chart: Chart, layout: Layout) -> None:
    """Draw the step line: a total holds until the next sample, and the last one until the right edge."""
    reading = chart.reading
    if not reading.line:
        return
    xs, ys = _steps(reading.line, layout.scale)
    if not layout.zoomed:  # unless the axis starts at 0, an area has no meaningful height
        bottom = layout.scale.bottom
        outline = [(xs[0], bottom), *zip(xs, ys, strict=True), (xs[-1], bottom)]
        pen.figure.add_artist(
            Polygon(outline, transform=IdentityTransform(), facecolor=AREA, edgecolor="none", zorder=0.5)
        )
    if reading.unit:
        _draw_band(pen, reading, layout.scale)
        pen.line(xs, ys, DATA, 1.5, zorder=3)
        return
    dot_xs = [layout.scale.x(point.last.time) for point in reading.points]
    dot_ys = [layout.scale.y(point.last.size) for point in reading.points]
    diameter = _dot_diameter(dot_xs)
    pen.line(xs, ys, DATA, 2.4 if diameter > 5 else 1.5, zorder=3)
    if diameter:
        edge = {"markeredgecolor": PAPER, "markeredgewidth": diameter / 6 if diameter > 5 else 0}
        dots = {"linestyle": "none", "marker": "o", "markersize": diameter, **edge}
        pen.line(dot_xs, dot_ys, DATA, 0, zorder=4, **dots)


def _draw_band(pen: _Pen, reading: Reading, scale: Scale) -> None:
    """Draw from minimum to maximum of each interval, a rectangle as wide as the interval and at least a pixel."""
    corners: list[tuple[float, float]] = []
    for point in reading.points:
        interval = point.interval
        left = scale.x(interval.start)
        right = min(scale.x(interval.start + point.unit.length), scale.right)
        low, high = scale.y(interval.minimum.size), scale.y(interval.maximum.size)
        corners += [(left, low), (right, low), (right, high), (left, high), (left, low)]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(reading.points)
    style = {"transform": IdentityTransform(), "facecolor": BAND, "edgecolor": BAND, "zorder": 2.5}
    pen.figure.add_artist(PathPatch(Path(corners, codes), **style))


def _steps(line: Sequence[Point], scale: Scale) -> tuple[list[float], list[float]]:
    xs, ys = [scale.x(line[0].time)], [scale.y(line[0].size)]
    for point in line[1:]:
        x = scale.x(point.time)
        xs += [x, x]
        ys += [ys[-1], scale.y(point.size)]
    return [*xs, scale.right], [*ys, ys[-1]]


def _dot_diameter(xs: Sequence[float]) -> float:
    """Return the diameter of dots at these places, in pixels; 0 if there are too many for dots."""
    if len(xs) > MAX_DOTS:
        return 0
    gaps = sorted(right - left for left, right in pairwise(xs))
    median = gaps[len(gaps) // 2] if gaps else WIDTH
    return min(max(0.7 * median, MIN_DOT), MAX_DOT)


def _draw_now(pen: _Pen, layout: Layout) -> None:
    """Write the last total beside the end of the line."""
    height = 22 + 19 * (len(layout.now) - 1)
    middle = max(layout.now_y, layout.scale.bottom + height / 2)
    top = min(middle + height / 2, PLOT_TOP)
    for number, line in enumerate(layout.now):
        font, colour = (at.NOTE, MUTED) if number else (at.NOW, DATA)
        pen.text(layout.scale.right + at.GAP, top - 17 - 20 * number, line, font, colour)


def _properties(font: Font) -> FontProperties:
    return FontProperties(fname=_BOLD if font.bold else _REGULAR, size=font.size)
