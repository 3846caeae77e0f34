"""The routes with a picture. Only the first picture imports matplotlib, because that takes a second."""

import atexit
import os
import shutil
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

from plotting import answers, parsing
from plotting.answers import Reply
from plotting.chart import Chart
from plotting.gateway import Request, Response, json_response
from plotting.sources import Sources

MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml"}


def post_plot(sources: Sources, request: Request, now: int) -> Response:
    """Draw the picture, store it in the plot bucket, and answer where it is and what it shows."""
    range_ = parsing.from_body(request.body, data_bucket=sources.data_bucket, now=now)
    found = sources.find(range_.bucket, now)
    chart = sources.chart(range_, found)
    sources.plot_bucket.put(chart.bucket, _picture(chart, "png"))
    stored = {"bucket": sources.plot_bucket.name, "key": sources.plot_bucket.key_of(chart.bucket)}
    fresh = found.freshness
    return json_response({**answers.plot(chart), "plot": stored, **fresh.members()}, fresh.headers())


def get_plot(sources: Sources, request: Request, now: int) -> Response:
    """Answer the picture itself as PNG or SVG, or the data that it shows."""
    range_, format_ = parsing.plot_query(request.query, data_bucket=sources.data_bucket, now=now)
    found = sources.find(range_.bucket, now)
    reply = Reply.to(
        request, found.freshness, sources.release, found.fitted(range_), format_, found.totals, found.peak
    )
    if reply.known:
        return reply.not_modified()
    chart = sources.chart(range_, found)
    if format_ == "json":
        return reply.json(answers.plot(chart))
    return reply.other(MEDIA_TYPES[format_], _picture(chart, format_))


def _picture(chart: Chart, format_: str) -> bytes:
    prepare_font_cache(os.environ)
    from plotting import picture  # noqa: PLC0415 - it imports matplotlib

    return picture.draw_svg(chart) if format_ == "svg" else picture.draw(chart)


def prepare_font_cache(environ: MutableMapping[str, str]) -> None:
    """Make MPLCONFIGDIR writable before matplotlib is imported: matplotlib rejects a read-only directory.

    Listing the fonts takes half a second. So the image's builder does it, leaves MPLCONFIGDIR at the list, and this
    function copies the list to a directory of this process, because Lambda's images are read-only.
    """
    baked = environ.get("MPLCONFIGDIR")
    if not baked or os.access(baked, os.W_OK):
        return
    own = tempfile.mkdtemp(prefix="matplotlib-")
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    for font_list in Path(baked).glob("fontlist-*.json"):
        shutil.copyfile(font_list, Path(own) / font_list.name)
    environ["MPLCONFIGDIR"] = own
