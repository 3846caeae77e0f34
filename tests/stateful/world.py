"""Buckets, the queue of their events, and the tracker's own parts around clients that may fail."""

import contextlib
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from size_history import keys
from size_history.deadline import Deadline
from size_history.messages import Message, ReconcileRequest, Watch
from size_history.sources import SECOND, Hearing
from size_tracking.batch import Batch
from size_tracking.event_path import EventPath
from size_tracking.ledger import Ledger
from size_tracking.observer import Observer
from size_tracking.recomputer import Recomputer
from size_tracking.reconciler import Reconciler, RunStarter
from size_tracking.step_queue import StepQueue
from size_tracking.tracker import Clock, Tracker
from size_tracking.watcher import Watcher
from tests.stateful.account import FaultyAccount, MemoryAccount
from tests.stateful.books import Books, read
from tests.stateful.faults import Aim, Crash, FaultInjector, Faulty, Met, Plan
from tests.stateful.invocations import Invocation
from tests.stateful.memory import MemoryDynamoDB, MemoryS3, MemorySQS
from tests.tracked import EVERY_BUCKET

KEYS = ("a", "p/b", "p/c", "q/ü +%2F\n", "tail/")
BUCKETS = ("data", "other")
AMPLE_MS = 60_000
STALE_MICROSECONDS = 16 * 60 * 1_000_000
MONTH_MICROSECONDS = 31 * 24 * 3600 * 1_000_000


@dataclass
class Time:
    """A clock that advances by a millisecond at every look, and by every sleep."""

    now: int = 1_800_000_000_000_000

    def clock(self) -> Clock:
        return Clock(now=self._look, sleep=self._sleep)

    def _look(self) -> int:
        self.now += 1000
        return self.now

    def _sleep(self, seconds: float) -> None:
        self.now += int(seconds * 1_000_000)


class InlineExecutor:
    """An executor that runs its work at once, so that the order of requests can be replayed."""

    def submit(self, work: Any, *arguments: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        try:
            done.set_result(work(*arguments))
        except Exception as error:  # noqa: BLE001  # like an executor
            done.set_exception(error)
        return done


class World:
    """What the rules act on, around a storage: `InMemory` or `OnEngine`.

    `queue` holds the messages that are not acknowledged, `acknowledged` the others. `touched` are the buckets in use;
    `dropped` says that a change may be lost, since no message tells of it. `delayed` has the messages that arrive later,
    after the instant of it.
    """

    def __init__(self, storage: Any) -> None:
        self.storage = storage
        self.queue: dict[str, str] = {}
        self.acknowledged: dict[str, str] = {}
        self.touched: set[str] = set()
        self.dropped = False
        self.account = MemoryAccount(storage.bucket(number) for number in range(len(BUCKETS)))
        self.delayed: list[tuple[int, str]] = []
        self._path_touched = False
        self._unheard: set[str] = set()
        self.running: list[Invocation] = []
        self.met: Counter[Met] = Counter()
        self._ids = itertools.count()

    def fill(self, bucket: int, sizes: Mapping[int, int]) -> None:
        """Put objects that no event tells of."""
        name = self.storage.bucket(bucket)
        for key, size in sizes.items():
            self.storage.put(name, KEYS[key], size, "put")

    def put(self, bucket: int, key: int, size: int, *, how: str = "put", copies: int = 1) -> None:
        name = self.storage.bucket(bucket)
        if name not in self.account.created:
            self.make(bucket)
        self.storage.put(name, KEYS[key], size, how)
        self._send_events(name, KEYS[key], copies)

    def delete(self, bucket: int, keys: Iterable[int], *, copies: int = 1) -> None:
        name = self.storage.bucket(bucket)
        if name not in self.account.created:
            return
        chosen = [KEYS[key] for key in sorted(set(keys))]
        self.storage.delete(name, chosen)
        for key in chosen:
            self._send_events(name, key, copies)

    def send(self, message: Message) -> None:
        self.touched.add(message.bucket)
        self.enqueue(message.to_json())

    def enqueue(self, body: str) -> None:
        self.queue[f"{next(self._ids)}"] = body

    # --- the event path ---

    def switch(self, bucket: int, *, rule: bool) -> None:
        """Turn the events of a bucket, or with the rule those of all buckets, off or on."""
        name = self.storage.bucket(bucket)
        if name not in self.account.created:
            return
        if rule:
            self.account.rule_enabled = not self.account.rule_enabled
        else:
            self.account.switch(name, on=not self.account.hears(name))
        self._path_moved()

    def make(self, bucket: int) -> None:
        """Make a bucket that does not exist; its events are off."""
        self.storage.make(self.storage.bucket(bucket))
        self.account.make(self.storage.bucket(bucket))
        self._path_moved()

    def remove(self, bucket: int) -> None:
        """Delete a bucket and all of its objects. A request that comes meanwhile does not adopt it."""
        name = self.storage.bucket(bucket)
        if name not in self.account.created:
            return
        held = [KEYS.index(key) for key in self.storage.listing(name)]
        if held:
            self.delete(bucket, held)
        self.storage.remove(name)
        del self.account.created[name]
        self.account.switch(name, on=False)
        self.dropped |= name not in self.storage.books().totals
        self._path_moved()

    def check(self) -> None:
        """Have every bucket checked."""
        self.enqueue(Watch(tuple(self.storage.bucket(number) for number in range(len(BUCKETS)))).to_json())

    def _path_moved(self) -> None:
        """Note an outage that ends before a check has seen it: only a reconcile mends that."""
        self._path_touched = True
        again = {bucket for bucket in self._unheard if self.account.hears(bucket)}
        if again:
            sources = self.storage.books().sources
            seen = {name for name, each in sources.items() if each.hearing in {Hearing.DEAF, Hearing.GONE}}
            self.dropped |= not again <= seen
        self._unheard -= again

    def _mend(self) -> None:
        """Have every outage seen, end it, and let time pass until nothing is under way."""
        for number in range(len(BUCKETS)):
            if self.storage.bucket(number) not in self.account.created:
                self.make(number)
        self.check()
        self._drain()
        self.account.rule_enabled = True
        for bucket in self.account.created:
            self.account.switch(bucket, on=True)
        self._path_moved()
        self.check()
        self._drain()
        while self.delayed:
            self.storage.time.now = max(self.storage.time.now, self.delayed[0][0])
            self._drain()
        self._path_touched = False

    def _later(self, body: str, delay_seconds: int) -> None:
        if delay_seconds:
            self.delayed = sorted([*self.delayed, (self.storage.time.now + delay_seconds * SECOND, body)])
        else:
            self.enqueue(body)

    def _arrive(self) -> None:
        for _, body in [each for each in self.delayed if each[0] <= self.storage.time.now]:
            self.enqueue(body)
        self.delayed = [each for each in self.delayed if each[0] > self.storage.time.now]

    # --- the queue ---

    def drop(self, pick: int) -> None:
        """Lose one message forever."""
        if self.queue:
            ids = list(self.queue)
            del self.queue[ids[pick % len(ids)]]
            self.dropped = True

    def duplicate(self, pick: int) -> None:
        if self.queue:
            bodies = list(self.queue.values())
            self.enqueue(bodies[pick % len(bodies)])

    def deliver(
        self, picks: Iterable[int], plan: Plan, *, attempts: int = 1, remaining_ms: int = AMPLE_MS
    ) -> None:
        """Let one invocation process some messages, in any order, even if they are in flight already."""
        injector = FaultInjector(plan, attempts)
        with contextlib.suppress(Crash):  # the queue delivers its messages again
            self._invoke(self._chosen(picks), remaining_ms, injector)
        self.met += injector.met

    def start_delivery(self, picks: Iterable[int], plan: Plan, halt: Aim | None) -> None:
        """Start an invocation that stops when it is about to make the request `halt`."""
        bodies = self._chosen(picks)
        invocation = Invocation(lambda injector: self._invoke(bodies, AMPLE_MS, injector), plan)
        self.running.append(invocation)
        self.resume(-1, halt)

    def resume(self, which: int, halt: Aim | None) -> None:
        """Let an invocation go on until it is about to make the request `halt`, or to its end."""
        self.running[which].resume(halt)
        self._drop_finished()

    def kill(self, which: int) -> None:
        """Crash an invocation where it waits."""
        self.running[which].kill()
        self._drop_finished()

    def settle(self) -> None:
        """Come to rest: running invocations end, lost changes are reconciled, and nothing fails any more."""
        for invocation in self.running:
            invocation.resume()
        self._drop_finished()
        if self._path_touched:
            self._mend()
        if self.dropped:
            self.storage.time.now += STALE_MICROSECONDS
            for bucket in sorted(self.touched):
                self.send(ReconcileRequest(bucket))
            self.dropped = False
        self._drain()

    def _drain(self) -> None:
        for _ in range(300):
            self._arrive()
            if not self.queue:
                return
            self._invoke(dict(list(self.queue.items())[:10]), AMPLE_MS, FaultInjector())
        raise AssertionError(f"never at rest: {len(self.queue)} messages keep coming back")

    def listings(self) -> dict[str, dict[str, int]]:
        return {bucket: self.storage.listing(bucket) for bucket in self.touched}

    def _drop_finished(self) -> None:
        for invocation in self.running:
            if invocation.done:
                self.met += invocation.injector.met
        self.running = [one for one in self.running if not one.done]

    def _send_events(self, bucket: str, key: str, copies: int) -> None:
        self.touched.add(bucket)
        if not self.account.hears(bucket):
            self._unheard.add(bucket)
            return
        body = {
            "source": "aws.s3",
            "sent": self.storage.time.now,  # for the mutant that reads it
            "detail": {"bucket": {"name": bucket}, "object": {"key": key}},
        }
        for _ in range(copies):
            self.enqueue(json.dumps(body))
        self.dropped |= copies == 0

    def _chosen(self, picks: Iterable[int]) -> dict[str, str]:
        """Return messages of the queue, counted from the newest; if it is empty, deliver acknowledged ones again."""
        self._arrive()
        offered = self.queue or self.acknowledged
        ids = list(reversed(offered))
        chosen = {ids[pick % len(ids)]: offered[ids[pick % len(ids)]] for pick in picks} if ids else {}
        self.queue |= chosen
        return chosen

    def _invoke(self, bodies: Mapping[str, str], remaining_ms: int, injector: FaultInjector) -> None:
        records = [{"messageId": one, "body": body} for one, body in bodies.items()]
        failed = self._batch(injector).handle(records, remaining_ms=remaining_ms)
        assert set(failed) <= set(bodies)
        for one in bodies:
            if one not in failed:
                self.queue.pop(one, None)  # another invocation may have acknowledged it meanwhile
                self.acknowledged[one] = bodies[one]

    def _batch(self, injector: FaultInjector) -> Batch:
        """Return the tracker's own parts, as in a new process."""
        dynamodb, s3 = self.storage.clients(injector)
        sqs = Faulty("sqs", MemorySQS(self._later), injector)
        clock = self.storage.time.clock()
        ledger_table, history_table = self.storage.table_names()
        ledger = Ledger(dynamodb, ledger_table=ledger_table, history_table=history_table, sleep=clock.sleep)
        observer = Observer(s3)
        observer._pool = InlineExecutor()
        steps = StepQueue(sqs, "queue")
        s3_control, events, queue = (
            FaultyAccount(service, self.account, injector) for service in ("s3", "events", "sqs")
        )
        path = EventPath(s3_control, events, queue, "queue")  # type: ignore[arg-type]
        run_starter = RunStarter(
            ledger=ledger, event_path=path, steps=steps, clock=clock, tracked=EVERY_BUCKET
        )
        tracker = Tracker(
            ledger=ledger,
            observer=observer,
            adopt=run_starter.adopt,
            clock=clock,
            tracked=EVERY_BUCKET,
            deadline=Deadline(clock.now),
        )
        reconciler = Reconciler(ledger, observer, steps, tracker, run_starter, clock)
        recomputer = Recomputer(ledger, steps, clock, EVERY_BUCKET)
        watcher = Watcher(ledger, path, steps, clock, EVERY_BUCKET)
        return Batch(tracker, reconciler, recomputer, watcher, clock)


class InMemory:
    """Storage in this process."""

    def __init__(self) -> None:
        self.time = Time()
        self._dynamodb = MemoryDynamoDB()
        self._s3 = MemoryS3()
        self._s3.buckets = {bucket: {} for bucket in BUCKETS}

    def clients(self, injector: FaultInjector) -> tuple[Any, Any]:
        return Faulty("dynamodb", self._dynamodb, injector), Faulty("s3", self._s3, injector)

    def table_names(self) -> tuple[str, str]:
        return "ledger", "history"

    def bucket(self, number: int) -> str:
        return BUCKETS[number]

    def put(self, bucket: str, key: str, size: int, how: str) -> None:
        self._s3.put(bucket, key, size, f"{size}-{how}", self.time.now)

    def delete(self, bucket: str, keys: list[str]) -> None:
        for key in keys:
            self._s3.buckets[bucket].pop(key, None)

    def make(self, bucket: str) -> None:
        self._s3.buckets[bucket] = {}

    def remove(self, bucket: str) -> None:
        del self._s3.buckets[bucket]

    def listing(self, bucket: str) -> dict[str, int]:
        return {key: found["Size"] for key, found in self._s3.buckets[bucket].items()}

    def forget_intervals(self, bucket: str) -> None:
        """Drop the open intervals from a bucket's totals, as version 0.1 does with each of its writes."""
        row = self._dynamodb.tables["ledger"].get((bucket, keys.TOTALS), {})
        row.pop("open", None)

    def books(self) -> Books:
        tables = self._dynamodb.tables
        return read(tables["ledger"].values(), tables["history"].values())

    def expire(self) -> None:
        ledger = self._dynamodb.tables["ledger"]
        for key in [key for key, row in ledger.items() if "expiry" in row]:
            if int(ledger[key]["expiry"]["N"]) * 1_000_000 < self.time.now:
                del ledger[key]
