"""The tracker's own parts around services in memory, with a clock that passes only when somebody sleeps or looks."""

import json
from types import SimpleNamespace

from size_history.deadline import Deadline
from size_history.items import State, Totals
from size_history.sources import Source
from size_tracking.batch import Batch
from size_tracking.ledger import Ledger
from size_tracking.observer import Observer
from size_tracking.recomputer import Recomputer
from size_tracking.reconciler import Reconciler, RunStarter
from size_tracking.step_queue import StepQueue
from size_tracking.track_plan import ROOM
from size_tracking.tracked import Tracked
from size_tracking.tracker import Clock, Tracker
from size_tracking.watch_plan import Look
from size_tracking.watcher import Watcher
from tests.stateful.memory import MemoryDynamoDB, MemoryS3, exceptions_of
from tests.stateful.world import InlineExecutor

NOW = 1_800_000_000_000_000
SECOND = 1_000_000
LATER = NOW + 3600 * SECOND
CHUNK = ROOM - 1
"""Keys without a prefix that are one chunk."""
ADOPTING = Totals(0, 0, 0, 0, 0, max_size=0, last_time=0, revision=1, state=State.ADOPTING)
LIVE = Totals(0, 0, 0, 0, 0, max_size=0, last_time=NOW - 60 * SECOND, revision=2, state=State.LIVE)


class PassingTime:
    """A clock whose every look takes a microsecond, and which keeps all pauses."""

    def __init__(self):
        self.now = NOW
        self.pauses = []

    def look(self):
        self.now += 1
        return self.now

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += round(seconds * SECOND)

    def clock(self):
        return Clock(now=self.look, sleep=self.sleep)


class Recorded:
    """A client that writes every request down: (operation, arguments). `before` is called with both ahead of it.

    Like a client that is bound to a deadline, it begins none after that.
    """

    def __init__(self, client, journal, deadline):
        self._client = client
        self._journal = journal
        self._deadline = deadline
        self.before = lambda operation, request: None

    def __getattr__(self, name):
        found = getattr(self._client, name)
        if name in {"exceptions", "get_paginator"} or not callable(found):
            return found

        def request(**arguments):
            self._deadline.require(name)
            self._journal.append((name, arguments))
            self.before(name, arguments)
            return found(**arguments)

        return request


class Queue:
    """The sending end of SQS."""

    exceptions = exceptions_of("sqs")

    def send_message(self, *, QueueUrl, MessageBody, DelaySeconds):
        return {}

    def send_message_batch(self, *, QueueUrl, Entries):
        return {}


class Path:
    """An event path in which each bucket looks as `looks` says, or fails with that error; by default all is well."""

    def __init__(self):
        self.looks = {}
        self.absent = set()
        self.configurations = 0
        self.latest = None
        self.on_configuration = lambda: None

    def configuration(self):
        self.configurations += 1
        self.on_configuration()
        self.latest = SimpleNamespace()
        return self.latest

    def look(self, bucket, configuration):
        assert configuration is self.latest
        look = self.looks.get(bucket, Look())
        if isinstance(look, Exception):
            raise look
        return look

    def exists(self, bucket):
        return bucket not in self.absent


class Parts:
    """All parts, wired like the handler does it."""

    def __init__(self, *, named=()):
        self.time = PassingTime()
        self.journal = []
        self.deadline = Deadline(self.time.look)
        self.tables = MemoryDynamoDB()
        self.dynamodb = Recorded(self.tables, self.journal, self.deadline)
        self.memory_s3 = MemoryS3()
        self.s3 = Recorded(self.memory_s3, self.journal, self.deadline)
        self.sqs = Recorded(Queue(), self.journal, self.deadline)
        self.path = Path()
        clock, tracked = self.time.clock(), Tracked(frozenset(named))
        self.ledger = Ledger(
            self.dynamodb, ledger_table="ledger", history_table="history", sleep=self.time.sleep
        )
        self.observer = Observer(self.s3)
        self.observer._pool.shutdown()
        self.observer._pool = InlineExecutor()
        self.steps = StepQueue(self.sqs, "queue")
        self.run_ids = iter(f"run{number}" for number in range(1000))
        self.starter = RunStarter(
            ledger=self.ledger,
            event_path=self.path,
            steps=self.steps,
            clock=clock,
            tracked=tracked,
            new_run_id=lambda: next(self.run_ids),
        )
        self.tracker = Tracker(
            ledger=self.ledger,
            observer=self.observer,
            adopt=self.starter.adopt,
            clock=clock,
            tracked=tracked,
            deadline=self.deadline,
        )
        self.reconciler = Reconciler(
            self.ledger, self.observer, self.steps, self.tracker, self.starter, clock
        )
        self.watcher = Watcher(self.ledger, self.path, self.steps, clock, tracked)
        self.recomputer = Recomputer(self.ledger, self.steps, clock, tracked)
        self.batch = Batch(self.tracker, self.reconciler, self.recomputer, self.watcher, clock)

    def track(self, bucket="data", source=None, totals=LIVE):
        """Make a bucket tracked, with these totals if any."""
        self._store((source or Source(since=1)).to_item(bucket))
        if totals:
            self._store(totals.to_item(bucket))
        self.memory_s3.buckets.setdefault(bucket, {})

    def put(self, key, size, *, bucket="data", age=0, etag=None):
        """Put an object that no event tells of, which was modified `age` seconds ago."""
        self.memory_s3.put(bucket, key, size, etag or f"e{size}", NOW - age * SECOND)

    def rest(self):
        """Let the test look, although the time of the invocation is over."""
        self.deadline.at = LATER

    def source(self, bucket="data"):
        return self.ledger.sources([bucket]).get(bucket)

    def totals(self, bucket="data"):
        return self.ledger.totals_and_peak(bucket)[0]

    def samples(self):
        return list(self.tables.tables["history"].values())

    def sent(self):
        """Return the messages that were sent: (message as JSON, delay in seconds)."""
        found = []
        for operation, request in self.journal:
            if operation == "send_message":
                found.append((json.loads(request["MessageBody"]), request["DelaySeconds"]))
            elif operation == "send_message_batch":
                found += [(json.loads(entry["MessageBody"]), 0) for entry in request["Entries"]]
        return found

    def requests(self, *operations):
        return [operation for operation, _ in self.journal if operation in operations]

    def handle(self, *bodies, remaining_ms=60_000):
        records = [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]
        return self.batch.handle(records, remaining_ms=remaining_ms)

    def drain(self, *bodies):
        """Handle messages, and those that this sends without a delay, until there are none."""
        left = list(bodies)
        while left:
            before = len(self.journal)
            assert self.handle(left.pop(0)) == []
            journal, self.journal[:] = self.journal[before:], self.journal[:before]
            for operation, request in journal:
                self.journal.append((operation, request))
                if operation == "send_message" and request["DelaySeconds"] == 0:
                    left.append(request["MessageBody"])

    def _store(self, item):
        self.tables._put({"TableName": "ledger", "Item": item})


def event(key, bucket="data", **more):
    """Return the body of an S3 event's message."""
    detail = {"bucket": {"name": bucket}, "object": {"key": key}}
    return json.dumps({"source": "aws.s3", "detail": detail, **more})
