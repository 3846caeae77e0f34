"""API Gateway's REST proxy events as requests, and responses as its answers.

The API takes every media type as binary, so bodies arrive in base64 as a rule; a picture goes out in base64.
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plotting.problems import BAD_BODY, BAD_EVENT, MEDIA_TYPE, ProblemError, shown

HEADERS = {"Cache-Control": "no-store"}
"""What every answer carries, unless the response says otherwise."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: its method in capitals, its path in the API, its query in order, its raw body.

    The names of its headers are in lower case.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer; a `str` body is sent as text, `bytes` as binary."""

    status: int
    media_type: str
    body: str | bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_answer(self, origin: str | None = None) -> dict[str, Any]:
        """Return what API Gateway expects of a proxied function; pages of the origin (`*`: any) may read it.

        What a caller may ask for, its signature decides, and there are no cookies.
        """
        binary = isinstance(self.body, bytes)
        headers = {**HEADERS, **self.headers}
        if self.media_type:
            headers["Content-Type"] = self.media_type
        if origin is not None:
            headers |= {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "*"}
        return {
            "statusCode": self.status,
            "headers": headers,
            "body": base64.b64encode(self.body).decode() if isinstance(self.body, bytes) else self.body,
            "isBase64Encoded": binary,
        }


def request_of(event: Mapping[str, Any]) -> Request:
    """Read a proxy event. Raises ProblemError where it is none, or its body is not base64 though it says so."""
    method, path = event.get("httpMethod"), _path(event)
    if not isinstance(method, str) or not path:
        raise ProblemError(
            BAD_EVENT, "The event lacks httpMethod, resource or path: invoke through the REST API."
        )
    return Request(method.upper(), path, query=_query(event), body=_body(event), headers=_headers(event))


def json_response(members: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Return a 200 with JSON, ASCII only."""
    return Response(200, "application/json", json.dumps(members), headers or {})


def not_modified(headers: Mapping[str, str]) -> Response:
    """Return a 304: the caller has the answer."""
    return Response(304, "", "", headers)


def problem_response(problem: ProblemError) -> Response:
    """Return a problem as an answer."""
    return Response(problem.kind.status, MEDIA_TYPE, problem.to_json(), problem.headers)


def _path(event: Mapping[str, Any]) -> str:
    resource, path = event.get("resource"), event.get("path")
    # The resource is the path without a custom domain's base path, as soon as its parameters are filled in.
    if isinstance(resource, str):
        for name, value in (event.get("pathParameters") or {}).items():
            resource = resource.replace(f"{{{name}}}", str(value))
        path = path if "{" in resource else resource
    if not isinstance(path, str) or not path:
        return ""
    return path.rstrip("/") or "/"


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    headers = event.get("headers") or {}
    return {str(name).lower(): str(value) for name, value in headers.items()}


def _query(event: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    repeated = event.get("multiValueQueryStringParameters") or {}
    single = event.get("queryStringParameters") or {}
    values = {name: [value] for name, value in single.items()} | dict(repeated)
    return tuple((name, value) for name, of_name in values.items() for value in of_name)


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not isinstance(body, str):
        raise ProblemError(BAD_EVENT, f"The event's body is not text: {shown(body)}.")
    if not event.get("isBase64Encoded"):
        return body.encode(errors="surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProblemError(BAD_BODY, f"The body is marked as base64 and is not: {error}.") from error
