"""The routes that read no table: the dashboard's page and its files, the contract, and the service's health."""

import functools
import platform
from importlib import metadata, resources

from plotting import parsing
from plotting.caching import REVALIDATED, etag, is_known
from plotting.gateway import Request, Response, json_response, not_modified
from plotting.problems import NO_SUCH_FILE, ProblemError, shown
from plotting.sources import Sources

SHOWN_VERSIONS = ("plotting", "size-history", "boto3", "matplotlib", "awslambdaric")
ASSETS = "/assets/"
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".yaml": "application/yaml",
}


def get_page(_sources: Sources, request: Request, _now: int) -> Response:
    """Answer the dashboard."""
    return _file(request, "page", "index.html")


def get_asset(_sources: Sources, request: Request, _now: int) -> Response:
    """Answer a file that the dashboard needs."""
    return _file(request, "page", "assets", request.path.removeprefix(ASSETS))


def get_contract(_sources: Sources, request: Request, _now: int) -> Response:
    """Answer the OpenAPI document of this API."""
    return _file(request, "openapi.yaml")


def get_health(_sources: Sources, request: Request, _now: int) -> Response:
    """Answer that the service runs, and which versions of what."""
    parsing.nothing_asked(request.query)
    versions = {name: _version(name) for name in SHOWN_VERSIONS}
    return json_response({"status": "ok", "versions": {"python": platform.python_version(), **versions}})


def _file(request: Request, *path: str) -> Response:
    parsing.nothing_asked(request.query)
    media_type, body, tag = _packed(*path)
    headers = {"Cache-Control": REVALIDATED, "ETag": tag, "X-Content-Type-Options": "nosniff"}
    if is_known(request.headers, tag):
        return not_modified(headers)
    return Response(200, media_type, body, headers)


@functools.lru_cache(maxsize=32)
def _packed(*path: str) -> tuple[str, str | bytes, str]:
    """Return the media type, the content and the ETag of a packed file; text as text, so that it needs no base64."""
    name = path[-1]
    directory = resources.files("plotting").joinpath(*path[:-1])
    # Only what is listed is opened: no name can lead out of the directory.
    names = {file.name for file in directory.iterdir()} if directory.is_dir() else set()
    media_type = MEDIA_TYPES.get(name[name.rfind(".") :] if "." in name else "")
    if name not in names or media_type is None:
        raise ProblemError(NO_SUCH_FILE, f"The page has no file {shown(name)}.")
    raw = directory.joinpath(name).read_bytes()
    return media_type, raw if media_type == "image/png" else raw.decode(), etag(raw)


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"
