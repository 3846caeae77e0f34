"""HTTP servers that stand in for what a test cannot have: they run in a thread, and say nothing on standard error."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
from typing import TypeVar

S = TypeVar("S", bound=BaseServer)
_POLL_SECONDS = 0.05
"""How long a server may take to notice that it shall end."""


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
        """Return what the request carries."""
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def running(server: S) -> Iterator[S]:
    """Serve in a thread until the block ends; then the socket is closed and the thread is gone."""
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
