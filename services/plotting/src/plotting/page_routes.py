"""The routes that read no table: the dashboard's page, the contract, and the service's health."""

import functools
import platform
from collections.abc import Mapping
from importlib import metadata, resources

from plotting import page, parameters
from plotting.gateway import Request, Response, json_response, not_modified
from plotting.negotiation import REVALIDATED, accepts_gzip, etag, is_known
from plotting.sources import Sources

SHOWN_VERSIONS = ("plotting", "size-history", "boto3", "matplotlib", "awslambdaric")


def get_page(_sources: Sources, request: Request, _now: int) -> Response:
    """Answer the dashboard, compressed if the caller accepts that."""
    parameters.members_of(request.query, ())
    packed = page.packed()
    if accepts_gzip(request.headers):
        headers = {**packed.headers(), "Content-Encoding": "gzip"}
        return _reusable(request, headers, page.MEDIA_TYPE, packed.compressed)
    return _reusable(request, packed.headers(), page.MEDIA_TYPE, packed.text)


def get_contract(_sources: Sources, request: Request, _now: int) -> Response:
    """Answer the OpenAPI document of this API."""
    parameters.members_of(request.query, ())
    return _reusable(request, {"ETag": etag(_contract())}, "application/yaml", _contract())


def get_health(_sources: Sources, request: Request, _now: int) -> Response:
    """Answer that the service runs, with its versions."""
    parameters.members_of(request.query, ())
    versions = {name: _version(name) for name in SHOWN_VERSIONS}
    return json_response({"status": "ok", "versions": {"python": platform.python_version(), **versions}})


def _reusable(request: Request, headers: Mapping[str, str], media_type: str, body: str | bytes) -> Response:
    """Return an answer that changes only with a deployment, or a 304 if the caller has it."""
    headers = {**headers, "Cache-Control": REVALIDATED}
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
