"""Runs the real handler code on the answers given so far, until it asks a question without an answer.

So the state of a handler is a tuple of answers, which can be hashed and compared, and continued once for each answer to
try. The code is the product's own, from the batch of messages down to the adapters.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from size_history import keys as layout
from size_history.deadline import Deadline
from size_history.messages import Message
from size_tracking.batch import Batch
from size_tracking.observer import Page
from size_tracking.recomputer import Recomputer
from size_tracking.reconciler import Reconciler, RunStarter
from size_tracking.track_plan import ChunkState
from size_tracking.tracker import Clock, Tracker, TrackResult
from size_tracking.values import Header, Transaction
from size_tracking.watch_plan import Look
from size_tracking.watcher import Watcher
from tests.property.model import questions as ask
from tests.property.model.configuration import Configuration
from tests.property.model.path import OFF
from tests.property.model.reader import ReadingBatch
from tests.tracked import EVERY_BUCKET

ALWAYS = 10**12
"""Milliseconds that an invocation has left. Running out of time is a fault of its own here."""


class PausedError(BaseException):
    """The code asked `question`; the answers from number `since` on belong to the same request."""

    def __init__(self, question: ask.Question, since: int) -> None:
        super().__init__(question)
        self.question = question
        self.since = since


@dataclass(frozen=True, slots=True)
class Raised:
    """An answer that is an exception."""

    error: Exception


class Tape:
    """Answers, each with its time; `started` is the time before the first."""

    def __init__(self, started: int, answers: tuple[tuple[int, Any], ...]) -> None:
        self.now = started
        self._answers = answers
        self._next = 0

    def answer(self, question: ask.Question, since: int | None = None) -> Any:
        if self._next == len(self._answers):
            raise PausedError(question, self._next if since is None else since)
        at, answer = self._answers[self._next]
        self._next += 1
        self.now = max(self.now, at)
        if isinstance(answer, Raised):
            raise answer.error
        return answer

    def answer_each(self, question: Callable[..., ask.Question], *where: str, names: Iterable[str]) -> dict:
        """Ask about every name on its own; the answers may come in any order."""
        open_, found, since = list(names), {}, self._next
        while open_:
            name, value = self.answer(question(*where, tuple(open_)), since)
            open_.remove(name)
            found[name] = value
        return found


class TapeLedger:
    """The Ledger's methods, as questions."""

    def __init__(self, tape: Tape, shards: frozenset[str], sample_page: int, *, old: bool) -> None:
        self.tape = tape
        self._shards = shards
        self._sample_page = sample_page
        self._old = old
        self.runs_seen = 0

    def rows(self, bucket, keys):
        found = self.tape.answer_each(ask.ReadRow, bucket, names=keys)
        return {key: row for key, row in found.items() if row is not None}, None

    def totals_and_peak(self, bucket):
        found = self.tape.answer_each(ask.ReadTotal, bucket, names=("peak", "totals"))
        return found["totals"], found["peak"]

    def header(self, bucket):
        found = self.tape.answer_each(ask.ReadTotal, bucket, names=("peak", "source", "totals"))
        return Header(**found)

    def objects_between(self, bucket, shard, after, until) -> Iterator:
        if shard in self._shards:
            yield from self.tape.answer(ask.Recorded(bucket, shard, after, until))

    def last_sample_time(self, bucket):
        return (
            0  # samples of another ledger are beyond the model, and those of this one have moved the totals
        )

    def samples(self, bucket, start, end) -> Iterator[tuple]:
        while start < end:
            page = self._page(bucket, start, end)
            yield page
            if len(page) < self._sample_page:
                return
            start = page[-1].time + 1

    def _page(self, bucket, start, end):
        return self.tape.answer(ask.ReadSamples(bucket, start, end, self._sample_page))

    def rollups(self, bucket, unit, first, last):
        return self.tape.answer(ask.ReadRollups(bucket, unit, first, last)) if first < last else ()

    def put_rollups(self, bucket, rollups):
        if rollups:
            self.tape.answer(ask.PutRollups(bucket, tuple(rollups)))

    def put_recomputed(self, bucket, recomputed):
        """Only people read this row."""

    def commit(self, transaction, *, now):
        return self.tape.answer(ask.Write(of_version_0_1(transaction) if self._old else transaction))

    def create_totals(self, bucket, source, *, now):
        return self.tape.answer(ask.CreateTotals(bucket, found=source is not None))

    def tracked_buckets(self) -> Iterator[str]:
        yield from self.tape.answer(ask.ReadTrackedBuckets())

    def run(self, bucket):
        run = self.tape.answer(ask.ReadRun(bucket))
        self.runs_seen = run.revision if run else 0
        return run

    def put_run(self, bucket, run):
        return self.tape.answer(ask.PutRun(bucket, run))

    def sources(self, buckets):
        found = {bucket: self.tape.answer(ask.ReadSource(bucket)) for bucket in buckets}
        return {bucket: source for bucket, source in found.items() if source}

    def put_source(self, bucket, source):
        return self.tape.answer(ask.PutSource(bucket, source))


def of_version_0_1(transaction: Transaction) -> Transaction:
    """Return what version 0.1 writes: it puts whole totals, and so drops the open intervals."""
    totals = transaction.totals and replace(transaction.totals, open=None)
    return replace(transaction, totals=totals, rollups=())


class TapeEventPath:
    """The event path's methods: a bucket exists, and one question tells whether its events are on."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def exists(self, bucket):
        return True

    def configuration(self):
        return None

    def look(self, bucket, configuration):
        return Look(fault="" if self._tape.answer(ask.ReadPath(bucket)) else OFF)


class TapeObserver:
    """The Observer's methods, as questions. A page may hold fewer objects than requested, as in S3."""

    def __init__(self, tape: Tape, page: int) -> None:
        self._tape = tape
        self._page = page

    def observe(self, bucket, keys):
        found = self._tape.answer_each(ask.Look, bucket, names=keys)
        failed = {key: seen for key, seen in found.items() if isinstance(seen, Exception)}
        return {key: seen for key, seen in found.items() if key not in failed}, failed

    def page(self, bucket, after, size):
        listed = []
        while True:
            found = self._tape.answer(ask.ListNext(bucket, listed[-1][0] if listed else after))
            if found is None or len(listed) == min(self._page, size):
                return Page(tuple(listed), more=found is not None)
            listed.append(found)


class TapeSteps:
    """The sending end of the queue, as a question."""

    def __init__(self, tape: Tape, timed: bool) -> None:
        self._tape = tape
        self._timed = timed

    def send(self, message: Message, *, delay_seconds: int = 0):
        if self._timed or not delay_seconds:
            self._tape.answer(ask.Send(message.to_json(), delay_seconds))

    def send_all(self, messages: Iterable[Message]):
        for message in messages:
            self.send(message)


class TapeTracker(Tracker):
    """The real tracker; the answer to RunChunk replaces its loop over the states of a chunk.

    How it adopts a bucket is part of the question, because that differs between an event and a step.
    """

    def _run(self, state: ChunkState, result: TrackResult, deadline: int) -> None:
        done, failed = self.ledger.tape.answer(ask.RunChunk(state, self.adopt.__name__))
        result.errors |= dict(failed)
        result.changed, result.bytes_moved = done.changed, done.bytes_moved


@dataclass(frozen=True, slots=True)
class Wiring:
    """How the product's parts are connected on a tape; a mutant may replace some."""

    shards: frozenset[str]
    page: int
    timed: bool
    sample_page: int
    batch: type[Batch] = ReadingBatch
    ledger: type[TapeLedger] = TapeLedger
    tracker: type[TapeTracker] = TapeTracker
    run_starter: type[RunStarter] = RunStarter
    reconciler: type[Reconciler] = Reconciler
    recomputer: type[Recomputer] = Recomputer
    watcher: type[Watcher] = Watcher

    @classmethod
    def of(cls, configuration: Configuration, **others: type) -> "Wiring":
        """Return the wiring for a world."""
        shards = frozenset(layout.shard(key) for _, key in configuration.keys)
        return cls(shards, configuration.page, configuration.timed, configuration.sample_page, **others)

    def wire(self, tape: Tape, *, old: bool) -> tuple[Batch, TapeTracker]:
        clock = Clock(now=lambda: tape.now, sleep=_no_pause)
        ledger: Any = self.ledger(tape, self.shards, self.sample_page, old=old)
        observer: Any = TapeObserver(tape, self.page)
        steps: Any = TapeSteps(tape, self.timed)
        path: Any = TapeEventPath(tape)
        run_starter = self.run_starter(
            ledger=ledger,
            event_path=path,
            steps=steps,
            clock=clock,
            tracked=EVERY_BUCKET,
            new_run_id=lambda: f"run{ledger.runs_seen + 1}",
        )
        tracker = self.tracker(
            ledger=ledger,
            observer=observer,
            adopt=run_starter.adopt,
            clock=clock,
            tracked=EVERY_BUCKET,
            deadline=Deadline(clock.now),
        )
        reconciler = self.reconciler(ledger, observer, steps, tracker, run_starter, clock)
        recomputer = self.recomputer(ledger, steps, clock, EVERY_BUCKET)
        watcher = self.watcher(ledger, path, steps, clock, EVERY_BUCKET)
        return self.batch(tracker, reconciler, recomputer, watcher, clock), tracker


def _no_pause(_seconds: float) -> None:
    """Do not pause: the search tries every order of the writers anyway."""
