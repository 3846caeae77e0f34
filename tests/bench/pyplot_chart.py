"""The same chart as one would write it first: pyplot's axes, ticks and text, at the size of the picture in pixels.

It shows what the picture shows: step line with its area, dots, both high-water lines with labels, sizes in binary units,
times in UTC, the last value. It leaves out what the picture does about labels that collide.
"""

import io
from datetime import UTC, datetime

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import FuncFormatter, MaxNLocator

from plotting.axes import size_text
from plotting.chart import Chart
from plotting.picture import MAX_DOTS
from plotting.scale import HEIGHT, WIDTH

DPI = 100


def draw(chart: Chart) -> bytes:
    """Return a chart as a PNG of the same size as the picture."""
    figure, axes = plt.subplots(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI)
    reading = chart.reading
    shown = reading.line
    times = [max(_time(point.time), _time(chart.start)) for point in shown]
    sizes = [point.size for point in shown]
    if shown:
        axes.step([*times, _time(chart.end)], [*sizes, sizes[-1]], where="post", color="tab:blue")
        axes.fill_between(
            [*times, _time(chart.end)], [*sizes, sizes[-1]], step="post", color="tab:blue", alpha=0.1
        )
    if reading.unit:
        starts = [_time(max(point.interval.start, chart.start)) for point in reading.points]
        low, high = zip(
            *((p.interval.minimum.size, p.interval.maximum.size) for p in reading.points), strict=True
        )
        axes.fill_between(starts, low, high, step="post", color="tab:blue", alpha=0.4)
    elif len(reading.points) <= MAX_DOTS:
        dots = [point.last for point in reading.points]
        axes.plot([_time(dot.time) for dot in dots], [dot.size for dot in dots], "o", color="tab:blue")
    for value, label, colour in (
        (chart.bucket_maximum, "Highest of this bucket", "tab:red"),
        (chart.highest.size if chart.highest else None, "Highest of any bucket", "black"),
    ):
        if value is not None:
            axes.axhline(value, linestyle="--", color=colour)
            axes.text(_time(chart.start), value, f"{label}: {size_text(value)}", va="bottom", color=colour)
    locator = AutoDateLocator(tz=UTC)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))
    axes.yaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: size_text(int(value)) if value >= 0 else "")
    )
    axes.set_xlim(_time(chart.start), _time(chart.end))
    axes.set_ylim(bottom=0)
    axes.set_title(chart.bucket)
    axes.grid(axis="y")
    if sizes:
        axes.annotate(size_text(sizes[-1]), (_time(chart.end), sizes[-1]))
    out = io.BytesIO()
    figure.savefig(out, format="png")
    plt.close(figure)
    return out.getvalue()


def _time(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, tz=UTC)
