"""What each route does, and the table of all of them: a new route is one function and one line."""

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from types import MappingProxyType

from plotting import answers, font_cache, parsing
from plotting.chart import Chart
from plotting.gateway import Request, Response, json_response
from plotting.history import History
from plotting.ledger import Ledger
from plotting.plot_bucket import PlotBucket
from plotting.problems import BAD_METHOD, NO_SUCH_ROUTE, ProblemError
from plotting.reading import gather
from plotting.tracking_queue import TrackingQueue

SHOWN_VERSIONS = ("plotting", "size-history", "boto3", "matplotlib", "awslambdaric")


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that a route reads from or writes to."""

    data_bucket: str
    history: History
    ledger: Ledger
    pictures: PlotBucket
    queue: TrackingQueue


Route = Callable[[Sources, Request, int], Response]
"""Answers a request at an instant (microseconds since 1970, UTC)."""


def post_plot(sources: Sources, request: Request, now: int) -> Response:
    """Draw, store the picture in the plot bucket, and answer where it is and what it shows."""
    wanted = parsing.from_body(request.body, data_bucket=sources.data_bucket, now=now)
    chart = gather(sources.history, sources.ledger, wanted, now)
    sources.pictures.put(chart.bucket, _png(chart))
    return json_response(
        answers.plot_answer(
            chart,
            as_of=now,
            backlog=sources.queue.backlog(),
            plot_bucket=sources.pictures.name,
            key=sources.pictures.key_of(chart.bucket),
        )
    )


def get_plot(sources: Sources, request: Request, now: int) -> Response:
    """Draw, and answer the picture itself; how fresh it is, is in the headers."""
    wanted = parsing.from_query(request.query, data_bucket=sources.data_bucket, now=now)
    chart = gather(sources.history, sources.ledger, wanted, now)
    headers = answers.freshness_headers(chart, as_of=now, backlog=sources.queue.backlog())
    return Response(200, "image/png", _png(chart), headers)


def get_health(_sources: Sources, _request: Request, _now: int) -> Response:
    """Answer that the service runs, and which versions of what; reads nothing."""
    versions = {name: _version(name) for name in SHOWN_VERSIONS}
    return json_response({"status": "ok", "versions": {"python": platform.python_version(), **versions}})


ROUTES: Mapping[str, Mapping[str, Route]] = MappingProxyType(
    {
        "/plot": {"POST": post_plot, "GET": get_plot},
        "/health": {"GET": get_health},
    }
)


def route_of(request: Request) -> Route:
    """Return what answers a request. Raises ProblemError: 404, or 405 that says what the path allows."""
    methods = ROUTES.get(request.path)
    if methods is None:
        raise ProblemError(NO_SUCH_ROUTE, f"There is no {request.path}: there are {', '.join(ROUTES)}.")
    route = methods.get(request.method)
    if route is None:
        allowed = ", ".join(methods)
        raise ProblemError(
            BAD_METHOD,
            f"{request.path} does not take {request.method}: it takes {allowed}.",
            headers={"Allow": allowed},
        )
    return route


def _png(chart: Chart) -> bytes:
    # Only here, because it takes a second: the routes without a picture answer without matplotlib.
    font_cache.prepare(os.environ)
    from plotting.picture import draw  # noqa: PLC0415

    return draw(chart)


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"
