"""The three functions around one cloud: changes become events, the queue delivers, redelivers, and gives up after five receives."""

import contextlib
import itertools
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from driver import handler as driver_handler
from driver import plot as driver_plot
from driver.history import Clock as DriverClock
from plotting import handler as plotting_handler
from plotting import picture_routes
from size_history.budgets import MAX_RECEIVES
from size_history.messages import Message
from size_tracking.handler import wire
from size_tracking.settings import Settings
from size_tracking.tracker import Clock
from tests.faults.cloud import QUEUE_URL, Cloud, Session, Wires
from tests.stateful.books import Books, read
from tests.stateful.engine import retry_without_pauses
from tests.stateful.faults import Fault
from tests.stateful.machine import quiet
from tests.stateful.world import InlineExecutor

VISIBILITY_SECONDS = 180
MAX_QUEUE = 50
"""The number of messages that no fault may let the queue grow to: one that fails must not make others without end."""
SECOND = 1_000_000
DATA = "data-bucket"
ENVIRON = {
    "HISTORY_TABLE": "history",
    "LEDGER_TABLE": "ledger",
    "SIZE_INDEX": "sizes",
    "DATA_BUCKET": DATA,
    "PLOT_BUCKET": "plots",
    "QUEUE_URL": QUEUE_URL,
    "DLQ_URL": f"{QUEUE_URL}-dlq",
    "RULE_DLQ_URL": f"{QUEUE_URL}-rule-dlq",
    "CORS_ORIGIN": "*",
    "API_URL": "http://127.0.0.1:9/v1",
    "DRIVER_PAUSE_SECONDS": "0",
}


@dataclass
class Pending:
    """A message of the queue: when it may be received (microseconds), and how often it was."""

    id: str
    body: str
    due: int
    receives: int = 0


@dataclass
class Told:
    """What the functions logged at ERROR and WARNING."""

    errors: list[logging.LogRecord] = field(default_factory=list)
    warnings: list[logging.LogRecord] = field(default_factory=list)


class Listener(logging.Handler):
    """Takes down what the functions log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.told = Told()

    def emit(self, record: logging.LogRecord) -> None:
        (self.told.errors if record.levelno >= logging.ERROR else self.told.warnings).append(record)


class System:
    """The functions, and everything they talk to. `reset` begins anew with the same clients of the tracker."""

    def __init__(self, wires: Wires, session: Session, listener: Listener) -> None:
        self.wires = wires
        self._session = session
        self._listener = listener
        self._ids = itertools.count()
        self.reset()
        clock = Clock(now=self.tick, sleep=self._sleep)
        settings = Settings("history", "ledger", QUEUE_URL, frozenset({DATA}))
        self._tracker = wire(settings, session, clock)  # type: ignore[arg-type]
        self._tracker.reconciler.observer._pool = InlineExecutor()

    def reset(self) -> None:
        """Begin with one empty bucket, which the settings name."""
        self.now = time.time_ns() // 1000 - 24 * 3600 * SECOND  # the readers' clock is the real one
        self.queue: list[Pending] = []
        self.dead: list[Pending] = []
        self.failures = 0
        self.longest = 0
        self._listener.told = Told()
        self.cloud = self.wires.cloud = Cloud(send=self.send, now=lambda: self.now)
        self.wires.strike = None
        for bucket in (DATA, "plots"):
            self.cloud.make_bucket(bucket)
        plotting_handler.sources.cache_clear()

    @property
    def told(self) -> Told:
        return self._listener.told

    def tick(self) -> int:
        self.now += 1000
        return self.now

    def _sleep(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)

    # --- changes and messages ---

    def send(self, body: str, delay_seconds: int = 0) -> None:
        self.queue.append(Pending(str(next(self._ids)), body, self.now + delay_seconds * SECOND))

    def ask(self, message: Message) -> None:
        self.send(message.to_json())

    def event(self, bucket: str, key: str) -> None:
        """Send the event of a change, unless the bucket sends none."""
        if bucket not in self.cloud.mute:
            detail = {"bucket": {"name": bucket}, "object": {"key": key}}
            self.send(json.dumps({"source": "aws.s3", "detail": detail}))

    def put(self, key: str, size: int, bucket: str = DATA) -> None:
        self.cloud.s3.put(bucket, key, size, f"{size}-{self.tick()}", self.now)
        self.event(bucket, key)

    def delete(self, key: str, bucket: str = DATA) -> None:
        del self.cloud.s3.buckets[bucket][key]
        self.event(bucket, key)

    # --- the queue ---

    def deliver(self) -> bool:
        """Let the tracker process what the queue would give it now, and return whether that was anything."""
        ready = [message for message in self.queue if message.due <= self.now][:10]
        if not ready:
            return False
        records = [{"messageId": message.id, "body": message.body} for message in ready]
        with quiet():
            failed = self._tracker.handle(records, remaining_ms=30_000)
        for message in ready:
            message.receives += 1
            message.due = self.now + VISIBILITY_SECONDS * SECOND
            if message.id not in failed:
                self.queue.remove(message)
            elif message.receives == MAX_RECEIVES:
                self.queue.remove(message)
                self.dead.append(message)
        self.failures += len(failed)
        strike = self.wires.strike
        self.longest = max(self.longest, len(self.queue))
        if strike and strike.hits and not strike.lasting and (self.dead or not strike.stubborn):
            strike.stop()
        return True

    def settle(self) -> None:
        """Let time pass until the queue is empty; delayed messages and redeliveries come when they are due."""
        for _ in range(500):
            if not self.queue:
                return
            assert len(self.queue) <= MAX_QUEUE, f"the queue grew to {len(self.queue)} messages"
            if not self.deliver():
                self.now = min(message.due for message in self.queue)
        raise AssertionError(f"never at rest: {[message.body for message in self.queue]}")

    def redrive(self) -> None:
        """Move the dead letters back into the queue."""
        for message in self.dead:
            self.send(message.body)
        self.dead.clear()

    def books(self) -> Books:
        tables = self.cloud.tables.tables
        return read(tables["ledger"].values(), tables["history"].values())

    # --- the other functions ---

    def call(self, method: str, path: str, body: Any = None, **query: str) -> dict[str, Any]:
        """Return plotting's answer as API Gateway gets it."""
        event = {
            "resource": path,
            "path": path,
            "httpMethod": method,
            "queryStringParameters": query or None,
            "body": None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        context = SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=lambda: 28_000)
        with quiet():
            return plotting_handler.handler(event, context)

    def drive(self) -> dict[str, Any]:
        """Run the driver; the tracker works whenever the driver waits."""
        self.cloud.changed = self.event
        context = SimpleNamespace(get_remaining_time_in_millis=lambda: 300_000)
        try:
            return driver_handler.handler({}, context)
        finally:
            self.cloud.changed = lambda _bucket, _key: None

    def driver_clock(self) -> DriverClock:
        return DriverClock(now=self.tick, sleep=self._work_meanwhile)

    def _work_meanwhile(self, seconds: float) -> None:
        self._sleep(seconds)
        self.deliver()

    def post(self, url: str, *, json: Any, **_auth_and_timeout: Any) -> Any:
        """Answer the driver's request to the API."""
        assert url.endswith("/plot")
        fault = self.wires.struck("api", "POST /plot")
        if fault in {Fault.TIMEOUT, Fault.LOST}:
            if fault is Fault.LOST:
                self.call("POST", "/plot", json)
            raise requests.ReadTimeout("no answer")
        answer = self.call("POST", "/plot", json) if fault is None else REFUSALS[fault]
        found = requests.Response()
        found.status_code, found._content = answer["statusCode"], answer["body"].encode()
        return found


REFUSALS = {
    Fault.THROTTLED: {"statusCode": 429, "body": '{"message":"Too Many Requests"}'},
    Fault.SERVER_ERROR: {"statusCode": 500, "body": '{"message":"Internal server error"}'},
    Fault.FORBIDDEN: {"statusCode": 403, "body": '{"message":"User is not authorized"}'},
}
"""What API Gateway answers itself."""


@contextlib.contextmanager
def connected() -> Iterator[System]:
    """Connect the functions to one another and to a cloud in memory."""
    wires, listener = Wires(), Listener()
    session = Session(wires)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in ENVIRON.items():
            patched.setenv(name, value)
        _replace_the_outside(patched, session)
        loggers = [logging.getLogger(name) for name in ("size_tracking", "plotting", "driver")]
        for logger in loggers:
            patched.setattr(logger, "level", logging.WARNING)
            patched.setattr(logger, "propagate", False)
            logger.addHandler(listener)
        try:
            system = System(wires, session, listener)
            patched.setattr(driver_handler, "Clock", system.driver_clock)
            outside = SimpleNamespace(**{**vars(requests), "post": system.post})
            patched.setattr(driver_plot, "requests", outside)
            yield system
        finally:
            for logger in loggers:
                logger.removeHandler(listener)
            driver_handler._settings.cache_clear()
            plotting_handler._settings.cache_clear()
            plotting_handler.sources.cache_clear()


def _replace_the_outside(patched: pytest.MonkeyPatch, session: Session) -> None:
    """Let the functions find this session, retry without pauses, and draw nothing."""
    retry_without_pauses(patched)
    patched.setattr(
        plotting_handler, "boto3", SimpleNamespace(session=SimpleNamespace(Session=lambda: session))
    )
    patched.setattr(driver_handler, "_session", lambda: session)
    patched.setattr(picture_routes, "_picture", lambda _chart, _format: b"a picture")
    driver_handler._settings.cache_clear()
    plotting_handler._settings.cache_clear()
