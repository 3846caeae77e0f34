"""The picture: a chart as PNG bytes."""

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from plotting.chart import Chart


def draw(chart: Chart) -> bytes:
    """Return a chart as a PNG of 1,200 by 675 pixels; the same chart gives the same bytes."""
    figure = Figure(figsize=(12, 6.75), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    samples = [*([chart.before] if chart.before else []), *chart.samples.kept]
    axes.step([s.time / 1e6 for s in samples], [s.total_size for s in samples], where="post", marker="o")
    for value in (chart.bucket_maximum, chart.highest.size if chart.highest else None):
        if value is not None:
            axes.axhline(value)
    axes.set_title(chart.bucket)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
