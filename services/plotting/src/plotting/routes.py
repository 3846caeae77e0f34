"""The table of all routes, and what happens before and after a route's function.

A new route is an operation in openapi.yaml (the API Gateway is made from that file), a function in one of the
`*_routes` modules, and a line in ROUTES. A test holds that the file and the table have the same routes.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from plotting import data_routes, page_routes, picture_routes
from plotting.gateway import Request, Response
from plotting.in_force import RollupsMissingError
from plotting.problems import BAD_METHOD, NO_SUCH_ROUTE, NOT_TRACKED, ROLLUPS_MISSING, ProblemError
from plotting.sources import NotTrackedError, Sources

Route = Callable[[Sources, Request, int], Response]
"""Answers a request at an instant (microseconds since 1970, UTC)."""

RETRY_AFTER_SECONDS = "30"
"""When to ask again for an answer that needs rollups which are still being made."""

ROUTES: Mapping[str, Mapping[str, Route]] = MappingProxyType(
    {
        "/plot": {"POST": picture_routes.post_plot, "GET": picture_routes.get_plot},
        "/history": {"GET": data_routes.get_history},
        "/size": {"GET": data_routes.get_size},
        "/range": {"GET": data_routes.get_range},
        "/count": {"GET": data_routes.get_count},
        "/buckets": {"GET": data_routes.get_buckets},
        "/prefixes": {"GET": data_routes.get_prefixes},
        "/health": {"GET": page_routes.get_health},
        "/openapi.yaml": {"GET": page_routes.get_contract},
        "/": {"GET": page_routes.get_page},
    }
)


def answer(sources: Sources, request: Request, now: int) -> Response:
    """Answer a request by its route. Raises ProblemError for everything that the caller can correct."""
    route = _route_of(request)
    try:
        return route(sources, request, now)
    except NotTrackedError as error:
        raise ProblemError(NOT_TRACKED, str(error), parameter="bucket") from error
    except RollupsMissingError as error:
        detail = f"{error}: try again, and if it goes on, make rollups BUCKET={error.bucket} makes them anew."
        raise ProblemError(ROLLUPS_MISSING, detail, headers={"Retry-After": RETRY_AFTER_SECONDS}) from error


def _route_of(request: Request) -> Route:
    """Return the route of a request. Raises ProblemError: 404, or 405 that names the methods of the path."""
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
