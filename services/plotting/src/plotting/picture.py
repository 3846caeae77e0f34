"""The picture: a chart as PNG or SVG bytes, drawn with matplotlib's Figure on Agg, never pyplot.

Only the routes with a picture import this module, because matplotlib takes a second to import. Artists go straight
onto the figure, at the pixels that `layout` computes. That takes two thirds of the time of matplotlib's axes (measured),
and nothing is left to chance.
"""

import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

from plotting.chart import Chart
from plotting.layout import (
    GAP,
    LABEL,
    LABEL_INDENT,
    MARGIN,
    MESSAGE,
    NOTE,
    NOW,
    SUBTITLE,
    SWATCH,
    TICK,
    Font,
    Layout,
    Measure,
    lay_out,
)
from plotting.scale import HEIGHT, PLOT_TOP, WIDTH, Role, Scale
from size_history.items import Sample

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
LINE_COLOURS = {Role.BUCKET: "#bd4b00", Role.ANY: "#1d2433"}
LINE_DASHES = {Role.BUCKET: (0, (7, 4)), Role.ANY: (0, (1.5, 3))}

MAX_DOTS = 1000
"""With more samples, dots would only hide the line."""
MIN_DOT, MAX_DOT = 3.6, 9.0
"""Diameters in pixels; between them, a dot takes most of the median distance to the next one."""

# These override a machine's matplotlibrc, except for the backend: setting that imports pyplot.
_DEFAULTS = {**mpl.rcParamsDefault}
del _DEFAULTS["backend"]
_FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
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


def _canvas(chart: Chart) -> FigureCanvasAgg:
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=PAPER)
    canvas = FigureCanvasAgg(figure)
    layout = lay_out(chart, measure_of(canvas))
    for artist in _artists(chart, layout):
        figure.add_artist(artist)
    return canvas


def measure_of(canvas: FigureCanvasAgg) -> Measure:
    """Return a function for the width of texts in pixels, as a canvas draws them."""
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]

    def measure(text: str, font: Font) -> float:
        width, _, _ = renderer.get_text_width_height_descent(text, _properties(font), ismath=False)
        return float(width)

    return measure


def _artists(chart: Chart, layout: Layout) -> list[Artist]:
    return [
        *_heading(layout),
        *_size_axis(layout),
        *_time_axis(layout),
        *_high_lines(layout),
        *_data(chart.line, chart.samples.kept, layout),
        *_now(layout),
        *_message(layout),
    ]


def _heading(layout: Layout) -> list[Artist]:
    return [
        _text(MARGIN, HEIGHT - 48, layout.title, layout.title_font, INK),
        _text(MARGIN, HEIGHT - 76, layout.subtitle, SUBTITLE, MUTED),
    ]


def _size_axis(layout: Layout) -> list[Artist]:
    scale = layout.scale
    artists: list[Artist] = []
    for tick in layout.size_ticks:
        y = scale.y(tick.value)
        artists.append(_rule(scale, y, RULE))
        artists.append(_text(scale.left - GAP, y, tick.label, TICK, MUTED, ha="right", va="center_baseline"))
    artists.append(_rule(scale, scale.bottom, BASE))
    if layout.break_y is not None:
        artists.extend(_break(scale, layout.break_y))
    if layout.zoomed:
        artists.extend(_break(scale, scale.bottom + 12))
    return artists


def _break(scale: Scale, y: float) -> list[Artist]:
    """Return two strokes across the left end of the axis: the scale is broken here."""
    return [_line([scale.left - 7, scale.left + 7], [y - 7 + up, y - 1 + up], MUTED, 1.2) for up in (0, 6)]


def _time_axis(layout: Layout) -> list[Artist]:
    scale = layout.scale
    artists: list[Artist] = []
    for tick in layout.time_ticks:
        x = scale.x(tick.time)
        artists.append(_line([x, x], [scale.bottom - 6, scale.bottom], BASE, 1))
        artists.append(_text(x, scale.bottom - 24, tick.label, TICK, MUTED, ha="center"))
        if tick.belongs_to:
            artists.append(_text(x, scale.bottom - 43, tick.belongs_to, TICK, MUTED, ha="center"))
    return artists


def _high_lines(layout: Layout) -> list[Artist]:
    """Return both high-water lines and their labels."""
    artists: list[Artist] = []
    scale = layout.scale
    for line in layout.lines:
        colour = LINE_COLOURS[line.role]
        dashes = LINE_DASHES[line.role]
        y, x = round(line.line_y), scale.left + LABEL_INDENT
        artists.append(_line([scale.left, scale.right], [y, y], colour, 1.6, dashes=dashes, zorder=2))
        if line.apart:
            y = round(line.label_y + LABEL.size * 0.36)
            artists.append(_line([x, x + SWATCH], [y, y], colour, 1.6, dashes=dashes, zorder=2))
            x += SWATCH + 8
        label = _text(x, line.label_y, line.label, LABEL, colour)
        label.set_bbox({"facecolor": PAPER, "edgecolor": "none", "pad": 1})
        artists.append(label)
    return artists


def _data(line: Sequence[Sample], dots: Sequence[Sample], layout: Layout) -> list[Artist]:
    """Return the step line: a total holds until the next sample, and the last one until the right edge."""
    if not line:
        return []
    scale = layout.scale
    xs: list[float] = []
    ys: list[float] = []
    for sample in line:
        x, y = scale.x(sample.time), scale.y(sample.total_size)
        if ys:
            xs.append(x)
            ys.append(ys[-1])
        xs.append(x)
        ys.append(y)
    xs.append(scale.right)
    ys.append(ys[-1])
    artists: list[Artist] = []
    if not layout.zoomed:  # unless the axis starts at 0, an area has no meaningful height
        outline = [(xs[0], scale.bottom), *zip(xs, ys, strict=True), (xs[-1], scale.bottom)]
        artists.append(
            Polygon(outline, transform=IdentityTransform(), facecolor=AREA, edgecolor="none", zorder=0.5)
        )
    diameter = _dot_diameter([scale.x(sample.time) for sample in dots])
    artists.append(_line(xs, ys, DATA, 2.4 if diameter > 5 else 1.5, zorder=3))
    if diameter:
        artists.append(_dots(dots, scale, diameter))
    return artists


def _dot_diameter(xs: Sequence[float]) -> float:
    """Return the diameter of dots at these places, in pixels; 0 if there are too many for dots."""
    if len(xs) > MAX_DOTS:
        return 0
    gaps = sorted(right - left for left, right in pairwise(xs))
    median = gaps[len(gaps) // 2] if gaps else WIDTH
    return min(max(0.7 * median, MIN_DOT), MAX_DOT)


def _dots(samples: Sequence[Sample], scale: Scale, diameter: float) -> Line2D:
    return Line2D(
        [scale.x(sample.time) for sample in samples],
        [scale.y(sample.total_size) for sample in samples],
        transform=IdentityTransform(),
        linestyle="none",
        marker="o",
        markersize=diameter,
        markerfacecolor=DATA,
        markeredgecolor=PAPER,
        markeredgewidth=diameter / 6 if diameter > 5 else 0,
        zorder=4,
    )


def _now(layout: Layout) -> list[Artist]:
    """Return the last total as text beside the end of the line."""
    height = 22 + 19 * (len(layout.now) - 1)
    middle = max(layout.now_y, layout.scale.bottom + height / 2)
    top = min(middle + height / 2, PLOT_TOP)
    x = layout.scale.right + GAP
    artists: list[Artist] = []
    for number, line in enumerate(layout.now):
        font, colour = (NOTE, MUTED) if number else (NOW, DATA)
        artists.append(_text(x, top - 17 - 20 * number, line, font, colour))
    return artists


def _message(layout: Layout) -> list[Artist]:
    if not layout.message:
        return []
    scale = layout.scale
    x, y = (scale.left + scale.right) / 2, (scale.bottom + PLOT_TOP) / 2
    return [_text(x, y, layout.message, MESSAGE, MUTED, ha="center", va="center_baseline")]


def _rule(scale: Scale, y: float, colour: str) -> Line2D:
    y = round(y) + 0.5  # the middle of a pixel: a crisp line
    return _line([scale.left, scale.right], [y, y], colour, 1, zorder=0.7)


def _line(
    xs: Sequence[float],
    ys: Sequence[float],
    colour: str,
    width: float,
    *,
    dashes: tuple[float, tuple[float, ...]] | None = None,
    zorder: float = 2,
) -> Line2D:
    line = Line2D(
        xs,
        ys,
        transform=IdentityTransform(),
        color=colour,
        linewidth=width,
        solid_capstyle="butt",
        solid_joinstyle="miter",
        zorder=zorder,
    )
    if dashes is not None:
        line.set_linestyle(dashes)
    return line


def _text(
    x: float,
    y: float,
    text: str,
    font: Font,
    colour: str,
    *,
    ha: Literal["left", "center", "right"] = "left",
    va: Literal["baseline", "center_baseline"] = "baseline",
) -> Text:
    return Text(
        x,
        y,
        text,
        fontproperties=_properties(font),
        color=colour,
        horizontalalignment=ha,
        verticalalignment=va,
        transform=IdentityTransform(),
        parse_math=False,
        zorder=5,
    )


def _properties(font: Font) -> FontProperties:
    return FontProperties(fname=_BOLD if font.bold else _REGULAR, size=font.size)
