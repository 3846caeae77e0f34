"""HTTP servers that stand in for services which a test cannot have. They run in a thread and print nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer
from typing import TypeVar

S = TypeVar("S", bound=BaseServer)
_POLL_SECONDS = 0.05
"""Seconds until a server notices that it should end."""


class SilentHandler(BaseHTTPRequestHandler):
    """A request handler that logs nothing; `answer` writes a whole response."""

    def answer(self, status: int, body: bytes = b"", content_type: str = "application/json") -> None:
        """Send a response with a body."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self) -> bytes:
        """Return the body of the request."""
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def running(server: S) -> Iterator[S]:
    """Serve in a thread until the block ends. Then close the socket and wait for the thread."""
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class StandIn(ThreadingHTTPServer):
    """A server on a free port of the loopback interface. A test may keep what it needs in attributes."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server_port}"


def serving(handler: type[BaseHTTPRequestHandler]) -> AbstractContextManager[StandIn]:
    """Answer requests by this handler until the block ends."""
    return running(StandIn(handler))


@contextmanager
def hanging_server() -> Iterator[str]:
    """Yield the URL of a server that takes every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
