"""`make dashboard`: serves the dashboard on this machine, signing what it asks of the API with your credentials.

On AWS every route of the API wants a signature, which a browser cannot make. This server makes it, for one API only.
"""

import argparse
import functools
import secrets
import sys
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tidemark.aws.deployment import Deployment, operate, parser
from tidemark.aws.signing import credentials_of
from tidemark.errors import CommandError
from tidemark.local.ports import LOOPBACK, holder, port_from
from tidemark.page.forwarding import Answer, Forwarder
from tidemark.page.guarding import admit

DEFAULT_PORT = 8765
_IDLE_SECONDS = 75


class PageServer(ThreadingHTTPServer):
    """Listens on the loopback interface; `port` 0 takes a free one."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, forwarder: Forwarder) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.forwarder = forwarder
        self.secret = secrets.token_urlsafe(18)

    @property
    def url(self) -> str:
        """Return where the page is."""
        return f"http://{LOOPBACK}:{self.server_port}/{self.secret}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that went away; anything else is a fault, and shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version = "tidemark"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS

    def _answer(self) -> None:
        wanted = admit(
            self.command,
            self.path,
            dict(self.headers),
            port=self.server.server_port,
            secret=self.server.secret,
        )
        if isinstance(wanted, Answer):
            self.close_connection = True  # what a refused request had as its body is not the next request
            self._send(wanted)
        else:
            self._send(self.server.forwarder.get(wanted.route, wanted.query, dict(self.headers)))

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
        """Log nothing: the page asks once a second."""


def forwarder_of(deployment: Deployment) -> Forwarder:
    """Return what reaches a deployment's API. Raises CommandError without credentials or stacks."""
    credentials_of(deployment)  # here, so that whoever has none is told before anything is served
    return Forwarder(
        deployment.outputs["ApiUrl"],
        region=deployment.region,
        credentials=functools.partial(credentials_of, deployment),
        proxies={} if deployment.endpoint else None,
    )


def serve(deployment: Deployment, port: int, say: Callable[[str], None]) -> None:
    """Serve until Ctrl-C. Raises CommandError where the port is taken."""
    try:
        server = PageServer(port, forwarder_of(deployment))
    except OSError as error:
        held = f" by {who}" if (who := holder(port)) else ""
        raise CommandError(
            f"port {port} is taken{held}: choose another one: make dashboard PORT={port + 1}"
        ) from error
    say(f"dashboard: {server.url}")
    say(f"  target {deployment.target}, {deployment.outputs['ApiUrl']}; on this machine only, Ctrl-C ends it")
    with server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("dashboard: ended")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    made = parser("dashboard", "Serve the dashboard on this machine.")
    made.add_argument("--port", default=str(DEFAULT_PORT), help="default: %(default)s")

    def operation(deployment: Deployment, options: argparse.Namespace) -> None:
        try:
            port = port_from(options.port)
        except ValueError as error:
            raise CommandError(f"PORT: {error}") from None
        serve(deployment, port, functools.partial(print, flush=True))

    return operate(made, arguments, operation)


if __name__ == "__main__":
    sys.exit(main())
