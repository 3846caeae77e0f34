"""The routes with a picture. matplotlib is imported by the first picture only: it takes a second."""

import os

from plotting import answers, font_cache, parsing
from plotting.chart import Chart
from plotting.gateway import Request, Response, json_response
from plotting.reading import gather
from plotting.sources import Reply, Sources


def post_plot(sources: Sources, request: Request, now: int) -> Response:
    """Draw, store the picture in the plot bucket, and answer where it is and what it shows."""
    asked = parsing.from_body(request.body, data_bucket=sources.data_bucket, now=now)
    totals, peak, freshness = sources.totals_and_peak(asked.bucket, now)
    chart = gather(sources.history, asked, totals, peak, sources.threads)
    sources.pictures.put(chart.bucket, _picture(chart, "png"))
    stored = {"bucket": sources.pictures.name, "key": sources.pictures.key_of(chart.bucket)}
    return json_response({**answers.plot(chart), "plot": stored, **freshness.members()}, freshness.headers())


def get_plot(sources: Sources, request: Request, now: int) -> Response:
    """Answer the picture itself, as PNG or SVG, or what it shows."""
    asked, format_ = parsing.plot_query(request.query, data_bucket=sources.data_bucket, now=now)
    totals, peak, freshness = sources.totals_and_peak(asked.bucket, now)
    reply = Reply.to(request, freshness, sources.release, asked, format_, totals, peak)
    if reply.known:
        return reply.not_modified()
    chart = gather(sources.history, asked, totals, peak, sources.threads)
    if format_ == "json":
        return reply.json(answers.plot(chart))
    return reply.other(_MEDIA_TYPES[format_], _picture(chart, format_))


def _picture(chart: Chart, format_: str) -> bytes:
    font_cache.prepare(os.environ)
    from plotting import picture  # noqa: PLC0415 - see above

    return picture.draw_svg(chart) if format_ == "svg" else picture.draw(chart)


_MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml"}
