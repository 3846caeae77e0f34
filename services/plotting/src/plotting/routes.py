"""The table of all routes: a new one is one function and one line, here, in openapi.yaml and in infra_cdk/plot_api.py."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from plotting import data_routes, page_routes, picture_routes
from plotting.gateway import Request, Response
from plotting.problems import BAD_METHOD, NO_SUCH_ROUTE, ProblemError
from plotting.sources import Sources

Route = Callable[[Sources, Request, int], Response]
"""Answers a request at an instant (microseconds since 1970, UTC)."""

ROUTES: Mapping[str, Mapping[str, Route]] = MappingProxyType(
    {
        "/plot": {"POST": picture_routes.post_plot, "GET": picture_routes.get_plot},
        "/history": {"GET": data_routes.get_history},
        "/size": {"GET": data_routes.get_size},
        "/count": {"GET": data_routes.get_count},
        "/buckets": {"GET": data_routes.get_buckets},
        "/prefixes": {"GET": data_routes.get_prefixes},
        "/health": {"GET": page_routes.get_health},
        "/openapi.yaml": {"GET": page_routes.get_contract},
        "/": {"GET": page_routes.get_page},
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
