"""The Lambda Runtime API (version 2018-06-01) that a function's runtime polls.

Each process of a function has a server of its own. The protocol gives a runtime only a host and a port
(`AWS_LAMBDA_RUNTIME_API`), so the port identifies the process. The server reports events in the order in which they
happen, and `life.Life` waits for them.

Protocol: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import contextlib
import logging
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from image_lambda_runtime.runtime_protocol import (
    Answered,
    InitFailed,
    Invocation,
    Polled,
    Reply,
    RuntimeEvent,
)
from image_lambda_runtime.runtime_requests import RuntimeRequestHandler

LOG = logging.getLogger(__name__)

MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100
"""Lambda's limit for a synchronous response in bytes: 6 MB plus the envelope that AWS allows."""


class _Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A TCP server with a thread per connection. A runtime holds its connection open while it waits for work."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Log our own faults. A killed runtime breaks its connection, which is not one."""
        if not isinstance(sys.exception(), OSError):
            LOG.exception("The Runtime API could not answer a request")  # noqa: LOG004 an exception handler calls this


class RuntimeApi:
    """Serves the Runtime API to one runtime and reports events to `on_event`, from any thread."""

    def __init__(
        self,
        on_event: Callable[[RuntimeEvent], None],
        *,
        bind_host: str = "127.0.0.1",
        advertise_host: str | None = None,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
    ) -> None:
        self.max_response_bytes = max_response_bytes
        self._on_event = on_event
        self._state = threading.Condition()
        self._pending: Invocation | None = None
        self._running: Invocation | None = None
        self._newest_poll = 0
        self._initialised = False
        self._closed = False
        self._listener = _Listener((bind_host, 0), self._handler)
        self._connect_host = "127.0.0.1" if bind_host in {"", "0.0.0.0"} else bind_host  # noqa: S104 a comparison
        self.address = f"{advertise_host or self._connect_host}:{self._listener.server_address[1]}"
        """Host and port for `AWS_LAMBDA_RUNTIME_API`."""
        threading.Thread(target=self._serve, name=f"runtime-api-{self.address}", daemon=True).start()

    def submit(self, invocation: Invocation) -> None:
        """Give an invocation to the runtime: now if it is waiting, otherwise at its next poll."""
        with self._state:
            self._pending = invocation
            self._running = None
            self._state.notify_all()

    def withdraw(self) -> bool:
        """Take a submitted invocation back. Returns False if the runtime has it already."""
        with self._state:
            untouched, self._pending = self._pending is not None, None
            return untouched

    def close(self) -> None:
        """Stop listening and release a waiting runtime. A second call does nothing."""
        with self._state:
            if self._closed:
                return
            self._closed = True
            self._state.notify_all()
        # The accepting thread sleeps in accept() without a timeout; a connection wakes it.
        with contextlib.suppress(OSError):
            socket.create_connection((self._connect_host, self._listener.server_address[1]), 1).close()

    def next_invocation(self) -> Invocation | None:
        """Wait for an invocation. Returns None if the server closes or the runtime polls on a new connection."""
        with self._state:
            self._newest_poll += 1
            mine = self._newest_poll
            self._state.notify_all()
            if not self._initialised:
                self._initialised = True
                self._on_event(Polled())
            self._state.wait_for(lambda: self._closed or self._pending or mine != self._newest_poll)
            if self._closed or mine != self._newest_poll:
                return None
            self._running, self._pending = self._pending, None
            return self._running

    def not_delivered(self, invocation: Invocation) -> None:
        """Keep an invocation that could not be written to the runtime for its next poll."""
        with self._state:
            if self._running is invocation:
                self._pending, self._running = invocation, None
                self._state.notify_all()

    def answer(self, request_id: str, payload: bytes, *, is_error: bool) -> Reply:
        """Accept the function's response or error. Each invocation can be answered once."""
        with self._state:
            if self._running is None or self._running.request_id != request_id:
                return Reply.refused(
                    HTTPStatus.BAD_REQUEST, "InvalidRequestID", f"{request_id} is not the running invocation"
                )
            self._running = None
            self._on_event(Answered(request_id, payload, is_error))
            return Reply.accepted()

    def answer_too_large(self, request_id: str, size: int) -> Reply:
        """Fail the invocation because its response exceeds the limit. `size` is in bytes."""
        message = (
            f"Response payload size ({size} bytes) exceeded maximum allowed payload size "
            f"({self.max_response_bytes} bytes)."
        )
        refusal = Reply.refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Function.ResponseSizeTooLarge", message)
        reply = self.answer(request_id, refusal.body, is_error=True)
        return refusal if reply.status is HTTPStatus.ACCEPTED else reply

    def init_failed(self, payload: bytes) -> Reply:
        """Accept the report that the function could not be loaded, but only before the first poll."""
        with self._state:
            if self._initialised:
                return Reply.refused(
                    HTTPStatus.FORBIDDEN, "InvalidStateTransition", "init is over: the runtime has polled"
                )
            self._initialised = True
            self._on_event(InitFailed(payload))
            return Reply.accepted()

    def _handler(self, request: Any, client: Any, server: socketserver.BaseServer) -> RuntimeRequestHandler:
        return RuntimeRequestHandler(self, request, client, server)

    def _serve(self) -> None:
        while not self._closed:
            self._listener.handle_request()
        self._listener.server_close()
