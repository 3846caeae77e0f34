"""A proxy before an engine or an API in which a kind of requests hangs: it takes them and never answers."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from botocore.retries.standard import ExponentialBackoff

from size_history.budgets import Function
from tests.servers import SilentHandler, StandIn, running

SLACK_SECONDS = 5.0
"""How much later than its timeout an invocation may end here: other programs use the processors too."""
_SERVICES = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "AWSEvents": "events"}
_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


class HangingProxy(StandIn):
    """Passes requests on to a URL, notes their operations in order, and lets those hang that `hangs` says.

    An operation is `dynamodb.GetItem`, or for S3 `s3.PUT`. `hangs` gets it and the path. `before` is called with the
    operation, the path and the body of each request that does not hang.
    """

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(_Handler)
        self.target = target
        self.requests: list[str] = []
        self.hangs: Callable[[str, str], bool] = lambda _operation, _path: False
        self.before: Callable[[str, str, bytes], None] = lambda _operation, _path, _body: None
        self.end = threading.Event()


class _Handler(SilentHandler):
    server: HangingProxy

    def _pass_on(self) -> None:
        body = self.body()
        operation = _operation(self.headers, self.command, self.path)
        self.server.requests.append(operation)
        if self.server.hangs(operation, self.path):
            self.server.end.wait()
            self.close_connection = True
            return
        self.server.before(operation, self.path, body)
        connection = HTTPConnection(urlsplit(self.server.target).netloc, timeout=60)
        connection.request(self.command, self.path, body or None, dict(self.headers.items()))
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _pass_on


def _operation(headers, method: str, path: str) -> str:
    target = headers.get("X-Amz-Target", "")
    if not target:
        return f"s3.{method}" if "/s3/" in headers.get("Authorization", "") else f"api.{method} {path}"
    service, _, name = target.partition(".")
    return f"{_SERVICES[service]}.{name}"


@contextmanager
def hanging_proxy(target: str) -> Iterator[HangingProxy]:
    """Run a proxy until the block ends. Then requests that hang are dropped."""
    with running(HangingProxy(target)) as proxy:
        proxy.daemon_threads = True
        proxy.block_on_close = False
        try:
            yield proxy
        finally:
            proxy.end.set()


@pytest.fixture
def shrink(monkeypatch):
    """Return a function that divides the times of a budget, and botocore's pauses by as much."""

    pause = ExponentialBackoff.delay_amount

    def shrink(budget: Function, factor: float) -> Function:
        monkeypatch.setattr(
            ExponentialBackoff, "delay_amount", lambda self, context: pause(self, context) / factor
        )
        return budget.shrunk(factor)

    return shrink


class Invocation:
    """One invocation of a function with a budget: its context, and how long it has lasted."""

    def __init__(self, budget: Function) -> None:
        self._budget = budget
        self._began = time.monotonic()
        self.context = SimpleNamespace(
            aws_request_id="1",
            function_name="function",
            get_remaining_time_in_millis=lambda: round(1000 * (budget.timeout_seconds - self.seconds())),
        )

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def assert_not_killed(self) -> None:
        """Fail if Lambda would have killed the function, even allowing for a busy machine."""
        assert self.seconds() < self._budget.timeout_seconds + SLACK_SECONDS
