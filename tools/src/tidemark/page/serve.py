"""`make dashboard`: serves the dashboard on this machine, and signs its requests to the API with your credentials.

On AWS every route of the API demands a signature, which a browser cannot make. This server makes it, for one API only.
"""

import secrets
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated, Any

from tidemark.aws.deployment import Deployment
from tidemark.aws.signing import Answer, Api
from tidemark.errors import CommandError, Stopped
from tidemark.local.ports import LOOPBACK, holder
from tidemark.local.state import DEFAULT
from tidemark.options import State, Target, port_option
from tidemark.page.forwarding import forward
from tidemark.page.guarding import admit
from tidemark.targets import find_deployment

DEFAULT_PORT = 8765
_IDLE_SECONDS = 75


class PageServer(ThreadingHTTPServer):
    """Listens on the loopback interface; `port` 0 takes a free one."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, api: Api) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.api = api
        self.secret = secrets.token_urlsafe(18)

    @property
    def url(self) -> str:
        """Return the URL of the page."""
        return f"http://{LOOPBACK}:{self.server_port}/{self.secret}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print every fault but a browser that went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version = "tidemark"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS

    def _answer(self) -> None:
        port, secret, headers = self.server.server_port, self.server.secret, dict(self.headers)
        admitted = admit(self.command, self.path, headers, port=port, secret=secret)
        if isinstance(admitted, Answer):
            self.close_connection = True  # its body must not be taken for the next request
            self._send(admitted)
        else:
            self._send(forward(self.server.api, admitted, headers))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        if self.close_connection:
            self.send_header("Connection", "close")
        if answer.status != 304:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, *_: Any) -> None:
        """Log nothing: the page sends a request every second."""


def serve(deployment: Deployment, port: int) -> None:
    """Serve until Ctrl-C. Raises CommandError if the port is taken."""
    try:
        server = PageServer(port, Api.of(deployment))
    except OSError as error:
        held = f" by {who}" if (who := holder(port)) else ""
        raise CommandError(
            f"port {port} is taken{held}: choose another one: make dashboard PORT={port + 1}"
        ) from error
    where = f"target {deployment.target}, {deployment.outputs['ApiUrl']}"
    print(f"dashboard: {server.url}\n  {where}; on this machine only, Ctrl-C ends it", flush=True)
    with server:
        try:
            server.serve_forever()
        except Stopped:
            print("dashboard: ended")


def command(
    *,
    target: Target = "local",
    state: State = DEFAULT,
    port: Annotated[int | None, port_option(f"Port on 127.0.0.1 (default: {DEFAULT_PORT}).")] = None,
) -> None:
    """Serve the dashboard on this machine, signing with your credentials."""
    serve(find_deployment(target, state), port or DEFAULT_PORT)
