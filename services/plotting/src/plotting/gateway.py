"""API Gateway's REST proxy events as requests, and responses as its answers.

The API treats every media type as binary, so request bodies usually arrive in base64 and pictures leave in base64.
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plotting.problems import BAD_BODY, BAD_EVENT, MEDIA_TYPE, ProblemError, shown

HEADERS = {
    "Cache-Control": "no-store",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
"""The headers of every answer; a response may set others or replace these."""

Query = tuple[tuple[str, str], ...]
"""A request's query parameters as pairs, in order."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: method in capitals, path within the API, query, raw body, headers with names in lower case."""

    method: str
    path: str
    query: Query = ()
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer; a `str` body is sent as text, a `bytes` body as binary."""

    status: int
    media_type: str
    body: str | bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_answer(self, origin: str | None = None, allowed: str | None = None) -> dict[str, Any]:
        """Return what API Gateway expects. A web page of an origin may read the answer if it is the allowed one.

        `allowed` is an origin, `*` for any, or None. A wildcard is safe if requests are authorised by their signature,
        never by cookies.
        """
        headers = {**HEADERS, **self.headers, **_cors_headers(origin, allowed)}
        if self.media_type:
            headers["Content-Type"] = self.media_type
        return {
            "statusCode": self.status,
            "headers": headers,
            "body": base64.b64encode(self.body).decode() if isinstance(self.body, bytes) else self.body,
            "isBase64Encoded": isinstance(self.body, bytes),
        }


def origin_of(event: Mapping[str, Any]) -> str | None:
    """Return the origin of the web page that sends the request, if it is one."""
    headers = event.get("headers")
    if not isinstance(headers, Mapping):
        return None
    return next((str(value) for name, value in headers.items() if str(name).lower() == "origin"), None)


def request_of(event: Mapping[str, Any]) -> Request:
    """Read a proxy event. Raises ProblemError if it is not one, or if its body is not the base64 it claims to be."""
    method, path = event.get("httpMethod"), _path(event)
    if not isinstance(method, str) or not path:
        raise ProblemError(
            BAD_EVENT, "The event lacks httpMethod, resource or path: invoke through the REST API."
        )
    headers = {str(name).lower(): str(value) for name, value in _mapping(event, "headers").items()}
    return Request(method.upper(), path, query=_query(event), body=_body(event), headers=headers)


def json_response(members: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Return a 200 with JSON, ASCII only."""
    return Response(200, "application/json", json.dumps(members), headers or {})


def not_modified(headers: Mapping[str, str]) -> Response:
    """Return a 304: the caller has the answer already."""
    return Response(304, "", "", headers)


def problem_response(problem: ProblemError) -> Response:
    """Return a problem as an answer."""
    return Response(problem.kind.status, MEDIA_TYPE, problem.to_json(), problem.headers)


def _cors_headers(origin: str | None, allowed: str | None) -> dict[str, str]:
    """Return the headers that let a page of the allowed origin read an answer.

    https://fetch.spec.whatwg.org/#http-cors-protocol
    """
    if allowed is None:
        return {}
    varying = {} if allowed == "*" else {"Vary": f"{HEADERS['Vary']}, Origin"}
    if allowed not in {"*", origin}:
        return varying
    return {**varying, "Access-Control-Allow-Origin": allowed, "Access-Control-Expose-Headers": "*"}


def _mapping(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a member of the event that API Gateway fills with a mapping or null."""
    value = event.get(name) or {}
    if not isinstance(value, Mapping):
        raise ProblemError(BAD_EVENT, f"The event's {name} is not an object: {shown(value)}.")
    return value


def _path(event: Mapping[str, Any]) -> str:
    resource, path = event.get("resource"), event.get("path")
    # With its parameters filled in, the resource is the path without a custom domain's base path.
    if isinstance(resource, str):
        for name, value in _mapping(event, "pathParameters").items():
            resource = resource.replace(f"{{{name}}}", str(value))
        path = path if "{" in resource else resource
    if not isinstance(path, str) or not path:
        return ""
    return path.rstrip("/") or "/"


def _query(event: Mapping[str, Any]) -> Query:
    single = {name: [value] for name, value in _mapping(event, "queryStringParameters").items()}
    pairs: list[tuple[str, str]] = []
    for name, values in {**single, **_mapping(event, "multiValueQueryStringParameters")}.items():
        for value in values if isinstance(values, list) else [values]:
            if not isinstance(value, str):
                raise ProblemError(
                    BAD_EVENT, f"The event's query parameter {name} is {shown(value)}, not text."
                )
            pairs.append((name, value))
    return tuple(pairs)


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
