"""The HTTP part of the Runtime API: paths, bodies, status codes."""

import contextlib
import re
import socket
import socketserver
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar, Protocol

from image_lambda_runtime.runtime_protocol import Invocation, Reply

_PREFIX = "/2018-06-01/runtime"
_ROUTES = {
    re.compile(rf"{_PREFIX}/invocation/next"): ("GET", "next"),
    re.compile(rf"{_PREFIX}/invocation/(?P<request_id>[^/]+)/response"): ("POST", "response"),
    re.compile(rf"{_PREFIX}/invocation/(?P<request_id>[^/]+)/error"): ("POST", "failure"),
    re.compile(rf"{_PREFIX}/init/error"): ("POST", "init_error"),
}
_READ_BYTES = 64 * 1024
_MAX_LINE_BYTES = 64 * 1024


class MalformedBodyError(ValueError):
    """A request body breaks HTTP's framing."""


class Api(Protocol):
    """What the requests call: RuntimeApi, which documents these."""

    max_response_bytes: int

    def next_invocation(self) -> Invocation | None: ...  # noqa: D102
    def not_delivered(self, invocation: Invocation) -> None: ...  # noqa: D102
    def answer(self, request_id: str, payload: bytes, *, is_error: bool) -> Reply: ...  # noqa: D102
    def answer_too_large(self, request_id: str, size: int) -> Reply: ...  # noqa: D102
    def init_failed(self, payload: bytes) -> Reply: ...  # noqa: D102


class RuntimeRequestHandler(BaseHTTPRequestHandler):
    """Translates the requests of one connection into calls of the Runtime API."""

    protocol_version = "HTTP/1.1"
    server_version = "LambdaRuntimeApi"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # send headers and body in one segment, so that small answers do not wait for an ACK
    routes: ClassVar = _ROUTES

    def __init__(self, api: Api, request: Any, client: Any, server: socketserver.BaseServer) -> None:
        self._api = api
        super().__init__(request, client, server)

    def do_GET(self) -> None:
        """Answer a GET."""
        self._dispatch("GET")

    def do_POST(self) -> None:
        """Answer a POST."""
        self._dispatch("POST")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
        """Log nothing. A function's log is its output."""

    def _dispatch(self, method: str) -> None:
        for pattern, (allowed, name) in self.routes.items():
            if match := pattern.fullmatch(self.path):
                if method != allowed:
                    self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", f"use {allowed}")
                    return
                try:
                    getattr(self, f"_{name}")(**match.groupdict())
                except MalformedBodyError as error:
                    self._refuse(HTTPStatus.BAD_REQUEST, "MalformedBody", str(error))
                return
        self._refuse(HTTPStatus.NOT_FOUND, "NotFound", f"no such path: {self.path}")

    def _next(self) -> None:
        invocation = self._api.next_invocation()
        if invocation is None:
            self.close_connection = True
            return
        try:
            self._require_connection()
            self.send_response(HTTPStatus.OK)
            for name, value in invocation.headers().items():
                self.send_header(name, value)
            self._send_body(invocation.payload)
            self.wfile.flush()
        except OSError:
            self._api.not_delivered(invocation)
            raise

    def _require_connection(self) -> None:
        """Raise ConnectionError if the runtime closed the connection while it waited for work."""
        with contextlib.suppress(BlockingIOError):
            if not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                raise ConnectionResetError("the runtime is gone")

    def _response(self, request_id: str) -> None:
        kept, size = self._read(self._api.max_response_bytes)
        if size > self._api.max_response_bytes:
            self._reply(self._api.answer_too_large(request_id, size))
        else:
            self._reply(self._api.answer(request_id, kept, is_error=False))

    def _failure(self, request_id: str) -> None:
        kept, _ = self._read(self._api.max_response_bytes)
        self._reply(self._api.answer(request_id, kept, is_error=True))

    def _init_error(self) -> None:
        kept, _ = self._read(self._api.max_response_bytes)
        self._reply(self._api.init_failed(kept))

    def _read(self, limit: int) -> tuple[bytes, int]:
        """Read the whole body and return at most `limit` bytes of it and its full size."""
        kept = bytearray()
        size = 0
        for piece in self._pieces():
            size += len(piece)
            kept += piece[: max(0, limit - len(kept))]
        return bytes(kept), size

    def _pieces(self) -> Iterator[bytes]:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            while length := self._chunk_length():
                yield from self._exactly(length)
                self._line()
            while self._line():  # trailers, which carry the error of a streamed response
                pass
        else:
            yield from self._exactly(self._content_length())

    def _content_length(self) -> int:
        text = self.headers.get("Content-Length", "0")
        if not text.isdigit():
            raise MalformedBodyError(f"Content-Length is not a number: {text!r}")
        return int(text)

    def _chunk_length(self) -> int:
        text = self._line().split(b";")[0].strip()
        try:
            return int(text, 16)
        except ValueError:
            raise MalformedBodyError(f"not a chunk length: {text[:20]!r}") from None

    def _line(self) -> bytes:
        line = self.rfile.readline(_MAX_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise MalformedBodyError("the body ends early")
        return line.rstrip(b"\r\n")

    def _exactly(self, length: int) -> Iterator[bytes]:
        while length:
            piece = self.rfile.read(min(length, _READ_BYTES))
            if not piece:
                raise MalformedBodyError("the body ends early")
            length -= len(piece)
            yield piece

    def _refuse(self, status: HTTPStatus, error_type: str, message: str) -> None:
        """Answer with an error and close the connection, because the rest of the body is not a request."""
        self.close_connection = True
        self._reply(Reply.refused(status, error_type, message))

    def _reply(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self._send_body(reply.body)

    def _send_body(self, body: bytes) -> None:
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
