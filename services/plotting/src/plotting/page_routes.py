"""The routes that read no table: the dashboard's page, the contract, and the service's health."""

import functools
import platform
from collections.abc import Mapping
from importlib import metadata, resources

from plotting import page, parsing
from plotting.caching import REVALIDATED, etag, is_known
from plotting.gateway import Request, Response, json_response, not_modified
from plotting.sources import Sources

SHOWN_VERSIONS = ("plotting", "size-history", "boto3", "matplotlib", "awslambdaric")


def get_page(_sources: Sources, request: Request, _now: int) -> Response:
    """Answer the dashboard, compressed where the caller takes that."""
    parsing.nothing_asked(request.query)
    packed = page.packed()
    body, encoding = packed.body_for(request.headers)
    return _reusable(request, {**packed.headers(), **encoding}, page.MEDIA_TYPE, body)


def get_contract(_sources: Sources, request: Request, _now: int) -> Response:
    """Answer the OpenAPI document of this API."""
    parsing.nothing_asked(request.query)
    return _reusable(request, {"ETag": etag(_contract())}, "application/yaml", _contract())


def get_health(_sources: Sources, request: Request, _now: int) -> Response:
    """Answer that the service runs, and which versions of what."""
    parsing.nothing_asked(request.query)
    versions = {name: _version(name) for name in SHOWN_VERSIONS}
    return json_response({"status": "ok", "versions": {"python": platform.python_version(), **versions}})


def _reusable(request: Request, headers: Mapping[str, str], media_type: str, body: str | bytes) -> Response:
    """Return what changes with a deployment only, or a 304 to whoever has it."""
    headers = {**headers, "Cache-Control": REVALIDATED, "X-Content-Type-Options": "nosniff"}
    if is_known(request.headers, headers["ETag"]):
        return not_modified(headers)
    return Response(200, media_type, body, headers)


@functools.cache
def _contract() -> str:
    return (resources.files("plotting") / "openapi.yaml").read_text("utf-8")


@functools.cache
def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"
