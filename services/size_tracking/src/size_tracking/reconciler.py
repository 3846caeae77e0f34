"""Runs `reconcile_plan.py`: each message processes one page of a bucket and sends the message of the next page."""

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import merge
from operator import itemgetter
from typing import TYPE_CHECKING

from size_history import keys
from size_history.items import Sample
from size_history.messages import (
    MAX_PAGE_KEYS,
    Message,
    ReconcileEveryBucket,
    ReconcileRequest,
    ReconcileStep,
)
from size_tracking import metrics, reconcile_plan
from size_tracking.ledger import Ledger
from size_tracking.observer import Observer
from size_tracking.reconcile_plan import (
    Advance,
    Announce,
    CheckRun,
    Compare,
    Comparison,
    CreateTotals,
    End,
    ReadEnd,
    SendStep,
    StepDone,
    StepState,
)
from size_tracking.track_plan import CHUNK_KEYS
from size_tracking.tracker import Clock, OutOfTimeError, Tracker, TrackResult, pause_seconds
from size_tracking.values import Observation, Run

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

log = logging.getLogger(__name__)


class StepFailedError(Exception):
    """Some keys of a page could not be committed; the step goes back to the queue and repeats only those."""


class StepQueue:
    """The sending end of the tracking queue."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, message: Message) -> None:
        """Send one message."""
        self._client.send_message(QueueUrl=self._queue_url, MessageBody=message.to_json())


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarter:
    """Starts runs, and creates the totals with a bucket's first run. `new_run_id` returns ids that are never reused."""

    ledger: Ledger
    steps: StepQueue
    clock: Clock
    new_run_id: Callable[[], str] = lambda: uuid.uuid4().hex

    def adopt(self, bucket: str) -> None:
        """Begin the run that adopts a bucket, unless it has totals by now; it has totals when this returns."""
        self.begin(bucket, adopting=True)

    def begin(self, bucket: str, page_size: int = MAX_PAGE_KEYS, *, adopting: bool = False) -> None:
        """Begin a run or push on the current one: put it, send its next step, create the totals, in this order.

        A handler that dies in between leaves a bucket without totals, so the next event begins again: totals prove that
        a step was sent. An adoption looks for totals after it read the run, since a run cannot end without them.
        """
        while True:
            run = self.ledger.run(bucket)
            if adopting and self._has_totals(bucket):
                return
            run_id, now = self.new_run_id(), self.clock.now()
            state = reconcile_plan.begin(run, run_id=run_id, page_size=page_size, now=now)
            if isinstance(state, SendStep) or self.ledger.put_run(bucket, state.run):
                break
        self.steps.send(ReconcileStep(bucket, state.run.run_id, state.run.cursor))
        if adopting or not self._has_totals(bucket):
            self.ledger.create_totals(bucket, now=self.clock.now())

    def _has_totals(self, bucket: str) -> bool:
        return self.ledger.totals_and_peak(bucket)[0] is not None


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Processes requests and steps."""

    ledger: Ledger
    observer: Observer
    steps: StepQueue
    tracker: Tracker
    run_starter: RunStarter
    clock: Clock

    def process(self, message: Message, *, deadline: int) -> None:
        """Process one of Tidemark's own messages; raises what `step` raises."""
        match message:
            case ReconcileEveryBucket():
                for bucket in self.ledger.tracked_buckets():
                    self.steps.send(ReconcileRequest(bucket))
            case ReconcileRequest(bucket, page_size):
                self.run_starter.begin(bucket, page_size)
            case ReconcileStep():
                self.step(message, deadline=deadline)

    def step(self, step: ReconcileStep, *, deadline: int) -> None:
        """Process one step. Raises StepFailedError if keys could not be committed, OutOfTimeError at the deadline."""
        state: StepState = CheckRun()
        attempt = 0
        while not isinstance(state, StepDone):
            before = state
            state = self._next(step, state, deadline)
            if isinstance(before, End) and isinstance(state, StepDone):
                self._measure(step.bucket, before.transaction.sample)
            if isinstance(before, Advance | End) and isinstance(state, ReadEnd | CheckRun):
                if self.clock.now() >= deadline:
                    raise OutOfTimeError("out of time in a reconcile step: it goes back to the queue")
                attempt += 1
                self.clock.sleep(pause_seconds(attempt))
        _report(step, state)

    def _next(self, step: ReconcileStep, state: StepState, deadline: int) -> StepState:
        bucket = step.bucket
        match state:
            case CheckRun():
                state = reconcile_plan.run_checked(step, self.ledger.run(bucket))
            case Compare(run):
                state = self._compare(step, state, run, deadline)
            case Advance(run):
                state = reconcile_plan.advanced(state, done=self.ledger.put_run(bucket, run))
            case Announce(run):
                self.steps.send(ReconcileStep(bucket, run.run_id, run.cursor))
                self.ledger.put_run(bucket, reconcile_plan.announced(state))
                state = StepDone(run)
            case ReadEnd():
                totals, peak = self.ledger.totals_and_peak(bucket)
                state = reconcile_plan.end_read(bucket, state, totals, peak, self.clock.now())
            case CreateTotals(run):
                self.ledger.create_totals(bucket, now=self.clock.now())
                state = ReadEnd(run)
            case End(_, transaction):
                state = reconcile_plan.ended(state, self.ledger.commit(transaction, now=self.clock.now()))
        return state

    def _compare(self, step: ReconcileStep, state: Compare, run: Run, deadline: int) -> StepState:
        page = self.observer.page(step.bucket, run.cursor, run.page_size)
        until = page.objects[-1][0] if page.more else None
        comparison = reconcile_plan.compare(
            page.objects, self._recorded(step.bucket, run.cursor, until), until=until, limit=MAX_PAGE_KEYS
        )
        comparison, tracked = self._heal(step.bucket, comparison, deadline)
        return reconcile_plan.compared(
            state, comparison, healed=tracked.changed, drift=tracked.bytes_moved, now=self.clock.now()
        )

    def _recorded(
        self, bucket: str, after: str, until: str | None
    ) -> Iterator[tuple[str, Observation | None]]:
        """Yield the rows of a range in key order over all shards; a `None` row marks where reading stopped.

        One query page per shard is in memory.
        """
        shards = [self.ledger.objects_between(bucket, shard, after, until) for shard in keys.all_shards()]
        return merge(*shards, key=itemgetter(0))

    def _heal(self, bucket: str, comparison: Comparison, deadline: int) -> tuple[Comparison, TrackResult]:
        """Commit the differing keys in order; when time runs out, cut the comparison after the last committed key."""
        tracked = TrackResult()
        for start in range(0, len(comparison.differing), CHUNK_KEYS):
            chunk = [key for key, _ in comparison.differing[start : start + CHUNK_KEYS]]
            result = self.tracker.track(bucket, chunk, deadline=deadline)
            if result.errors:
                key, error = next(iter(result.errors.items()))
                if start and isinstance(error, OutOfTimeError):
                    return comparison.cut(start), tracked
                raise StepFailedError(
                    f"{len(result.errors)} keys of a reconcile page could not be committed, {key!r} first: {error}"
                ) from error
            tracked = tracked.plus(result)
            self._measure(bucket, result.sample)
        return comparison, tracked

    def _measure(self, bucket: str, sample: Sample | None) -> None:
        if sample is not None:
            metrics.emit({"Bucket": bucket}, metrics.sizes(sample), at=self.clock.now())


def _report(step: ReconcileStep, done: StepDone) -> None:
    """Log the progress of the run, or that the message had nothing to do."""
    run = done.run
    fields: dict[str, str | int] = {"bucket": step.bucket, "run_id": step.run_id, "cursor": step.cursor}
    if run is None:
        log.info("reconcile step had nothing to do %s", json.dumps(fields))
        return
    fields |= {"checked": run.checked, "healed": run.healed, "drift_bytes": run.drift}
    if run.ended:
        metrics.emit(
            {"Bucket": step.bucket},
            {
                "ReconcileCheckedKeys": (run.checked, "Count"),
                "ReconcileHealedKeys": (run.healed, "Count"),
                "ReconcileDrift": (run.drift, "Bytes"),
            },
            at=run.ended,
        )
    log.info("reconcile %s %s", "ended" if run.ended else "goes on", json.dumps(fields))
