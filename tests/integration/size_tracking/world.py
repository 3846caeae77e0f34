"""A bucket at the observation seam: what the tracker would see of S3, without S3's 50 TB."""

import itertools
import json
import threading
from collections.abc import Iterable

from size_history.deadline import Deadline
from size_history.messages import Message, ReconcileRequest
from size_tracking.batch import Batch
from size_tracking.ledger import Ledger
from size_tracking.observer import Page
from size_tracking.recomputer import Recomputer
from size_tracking.reconciler import Reconciler, RunStarter
from size_tracking.tracker import Clock, Tracker
from size_tracking.values import ABSENT, Observation
from size_tracking.watcher import Watcher
from tests.tracked import EVERY_BUCKET, AlwaysThere


class World:
    """Objects that can be put and deleted, an observer of them, and the queue of steps."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Observation]] = {}
        self.refused: dict[str, Exception] = {}
        self.sent: list[Message] = []
        self.delayed: list[tuple[int, Message]] = []
        self._writes = itertools.count(1)
        self._lock = threading.Lock()

    def put(self, key: str, size: int, bucket: str = "data") -> None:
        with self._lock:
            objects = self.objects.setdefault(bucket, {})
            objects[key] = Observation(
                size, etag=f"{next(self._writes)}", last_modified="2026-01-01T00:00:00Z"
            )

    def delete(self, key: str, bucket: str = "data") -> None:
        with self._lock:
            self.objects.get(bucket, {}).pop(key, None)

    def observe(
        self, bucket: str, keys: Iterable[str]
    ) -> tuple[dict[str, Observation], dict[str, Exception]]:
        seen: dict[str, Observation] = {}
        errors: dict[str, Exception] = {}
        for key in keys:
            if key in self.refused:
                errors[key] = self.refused[key]
            else:
                seen[key] = self.objects.get(bucket, {}).get(key, ABSENT)
        return seen, errors

    def page(self, bucket: str, after: str, size: int) -> Page:
        with self._lock:
            rest = sorted((key, seen) for key, seen in self.objects.get(bucket, {}).items() if key > after)
        return Page(tuple(rest[:size]), more=len(rest) > size)

    def send(self, message: Message, *, delay_seconds: int = 0) -> None:
        if delay_seconds:
            self.delayed.append((delay_seconds, message))
        else:
            self.sent.append(message)

    def send_all(self, messages: Iterable[Message]) -> None:
        self.sent += messages


def batch_of(world: World, ledger: Ledger, clock: Clock | None = None) -> Batch:
    """Return the tracker's own parts around this world and a real engine."""
    clock = clock or Clock()
    path = AlwaysThere()
    run_starter = RunStarter(ledger=ledger, event_path=path, steps=world, clock=clock, tracked=EVERY_BUCKET)
    tracker = Tracker(
        ledger=ledger,
        observer=world,
        adopt=run_starter.adopt,
        clock=clock,
        tracked=EVERY_BUCKET,
        deadline=Deadline(clock.now),
    )
    reconciler = Reconciler(ledger, world, world, tracker, run_starter, clock)
    recomputer = Recomputer(ledger, world, clock, EVERY_BUCKET)
    return Batch(tracker, reconciler, recomputer, Watcher(ledger, path, world, clock, EVERY_BUCKET), clock)


def event(key: str, *, bucket: str = "data", message_id: str | None = None) -> dict[str, str]:
    body = {"source": "aws.s3", "detail": {"bucket": {"name": bucket}, "object": {"key": key}}}
    return {"messageId": message_id or key, "body": json.dumps(body)}


def record(message: Message, message_id: str = "ours") -> dict[str, str]:
    return {"messageId": message_id, "body": message.to_json()}


def process(batch: Batch, *records: dict[str, str]) -> None:
    """Process one batch, no message of which may come back."""
    assert batch.handle(records, remaining_ms=600_000) == []


def drain(world: World, batch: Batch) -> int:
    """Process the steps that were sent until none is left; return their number."""
    steps = 0
    while world.sent:
        steps += 1
        process(batch, record(world.sent.pop(0)))
    return steps


def live(world: World, batch: Batch, bucket: str = "data") -> None:
    """Adopt a bucket, or reconcile a live one."""
    process(batch, record(ReconcileRequest(bucket)))
    drain(world, batch)


def weight(ledger: Ledger, bucket: str = "data") -> tuple[int, int]:
    """Return the bytes and objects of a bucket's totals."""
    totals = ledger.header(bucket).totals
    assert totals
    return totals.size, totals.count
