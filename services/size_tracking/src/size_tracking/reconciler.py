"""Runs `reconcile_plan.py`: each message processes one page of a bucket and sends the message of the next page."""

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import merge
from operator import itemgetter

from size_history import keys
from size_history.budgets import LANDING_SECONDS
from size_history.deadline import OutOfTimeError
from size_history.items import Sample, State
from size_history.messages import MAX_PAGE_KEYS, RecomputeRollups, ReconcileRequest, ReconcileStep
from size_history.sources import SECOND_RUN_SECONDS, Hearing
from size_tracking import metrics, reconcile_plan, track_plan
from size_tracking.event_path import EventPath
from size_tracking.ledger import Ledger
from size_tracking.observer import Observer, RefusedError
from size_tracking.reconcile_plan import (
    Advance,
    Announce,
    CheckRun,
    Compare,
    Comparison,
    CreateTotals,
    Difference,
    End,
    ReadEnd,
    SendStep,
    StepDone,
    StepState,
)
from size_tracking.step_queue import StepQueue
from size_tracking.tracked import NotTrackedError, Tracked
from size_tracking.tracker import Clock, Tracker, TrackResult, pause_seconds
from size_tracking.values import Header, Observation, Outcome, Run, Transaction

log = logging.getLogger(__name__)

MAX_CREATIONS = 5
"""How often the totals of a bucket are put if other writers are in the way, before the caller starts over."""
OVERDUE = timedelta(minutes=15)
"""An object that was modified so long ago should have been recorded by its event, redeliveries included."""
MAX_LOGGED_REFUSALS = 10
"""Maximum number of refused keys that a step names in the log; the run counts them all."""


MAX_PUTS = 8
"""How often a run is put if other writers move it meanwhile, before the request goes back to the queue."""


class StepFailedError(Exception):
    """Some keys of a page could not be committed; the step goes back to the queue and repeats only those."""


class RunMovedError(Exception):
    """A run moved at every try to begin it; the request goes back to the queue."""


@dataclass(slots=True)
class Healed:
    """What became of a page's keys: what was tracked, how many S3 refused, and how many no event had told of in time."""

    tracked: TrackResult = field(default_factory=TrackResult)
    refused: int = 0
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarter:
    """Starts runs, and creates the totals with a bucket's first run.

    `new_run_id` returns ids that are never reused. `sends_second` says whether an adoption sends the second request.
    """

    ledger: Ledger
    event_path: EventPath
    steps: StepQueue
    clock: Clock
    tracked: Tracked
    new_run_id: Callable[[], str] = lambda: uuid.uuid4().hex
    sends_second: bool = True

    def adopt(self, bucket: str) -> None:
        """Begin the run that adopts a tracked bucket, unless it has totals by now. Raises NotTrackedError."""
        self.begin(bucket, adopting=True)

    def begin(self, bucket: str, page_size: int = MAX_PAGE_KEYS, *, adopting: bool = False) -> None:
        """Begin a run or push on the current one: put it, send its next step, create the totals, in this order.

        A handler that dies in between leaves a bucket without totals, so the next event begins again: totals prove that
        a step was sent. The totals are looked for after the run was read, since a run cannot end without them. Raises
        NotTrackedError for a bucket that is not tracked or does not exist.
        """
        for attempt in range(1, MAX_PUTS + 1):
            run = self.ledger.run(bucket)
            header = self.ledger.header(bucket)
            if adopting and header.totals:
                return
            self._require_adoptable(bucket, header)
            state = reconcile_plan.begin(
                run,
                run_id=self.new_run_id(),
                page_size=page_size,
                now=self.clock.now(),
                settled=_settled(header),
                again=not adopting,
            )
            if isinstance(state, SendStep) or self.ledger.put_run(bucket, state.run):
                break
            self.clock.sleep(pause_seconds(attempt))
        else:
            raise RunMovedError(f"other writers moved the reconcile of {bucket} all the time")
        if header.totals is None and self.sends_second:
            # Sent before the step, because the step may create the totals of an empty bucket itself.
            self.steps.send(ReconcileRequest(bucket, second=True), delay_seconds=SECOND_RUN_SECONDS)
        self.steps.send(ReconcileStep(bucket, state.run.run_id, state.run.cursor))
        if header.totals is None:
            self._create_totals(bucket, header)

    def create_totals(self, bucket: str) -> None:
        """Create the totals, unless they exist, for a step of the bucket's run. Raises NotTrackedError.

        Nothing is sent, because the step's own message comes back if this fails. If every step that fails sent another
        one, their number would grow as long as the failure lasts.
        """
        header = self.ledger.header(bucket)
        if header.totals is None:
            self.tracked.require(bucket, header.source)
            self._create_totals(bucket, header)

    def _require_adoptable(self, bucket: str, header: Header) -> None:
        self.tracked.require(bucket, header.source)
        if header.totals is None and not self.event_path.exists(bucket):
            raise NotTrackedError(
                f"bucket {bucket} is to be tracked but does not exist: make untrack BUCKET={bucket}"
            )

    def _create_totals(self, bucket: str, header: Header) -> None:
        for attempt in range(1, MAX_CREATIONS + 1):
            outcome = self.ledger.create_totals(bucket, header.source, now=self.clock.now())
            if outcome is Outcome.COMMITTED:
                return
            header = self.ledger.header(bucket)
            if header.totals:
                return
            self.tracked.require(bucket, header.source)
            self.clock.sleep(pause_seconds(attempt))


def _settled(header: Header) -> bool:
    """Return whether the bucket is live and was heard, so that its events should have told of every change."""
    live = header.totals is not None and header.totals.state is State.LIVE
    return live and header.source is not None and header.source.hearing is Hearing.HEARD


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Processes the messages of runs."""

    ledger: Ledger
    observer: Observer
    steps: StepQueue
    tracker: Tracker
    run_starter: RunStarter
    clock: Clock

    def reconcile_every_bucket(self) -> None:
        """Ask for the reconcile of every tracked bucket, and for the check of its rollups."""
        buckets = list(self.ledger.tracked_buckets())
        self.steps.send_all([*map(ReconcileRequest, buckets), *map(RecomputeRollups, buckets)])

    def step(self, step: ReconcileStep, *, deadline: int) -> None:
        """Process one step. Raises StepFailedError if keys could not be committed, OutOfTimeError when time is up.

        S3 is not asked after `deadline` (microseconds since 1970). The run is still moved, if the invocation has time.
        """
        state: StepState = CheckRun()
        attempt = 0
        while not isinstance(state, StepDone):
            self.tracker.deadline.require(f"the {type(state).__name__} of a reconcile step")
            before = state
            state = self._next(step, state, deadline)
            if isinstance(before, End) and isinstance(state, StepDone | Announce):
                self._ended(step.bucket, before.transaction)
            if isinstance(before, Advance | End | CreateTotals) and isinstance(state, ReadEnd | CheckRun):
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
                state = reconcile_plan.end_read(bucket, state, self._header(bucket), self.clock.now())
            case CreateTotals(run, began, source):
                self.run_starter.tracked.require(bucket, source)
                self.ledger.create_totals(bucket, source, now=self.clock.now())
                state = ReadEnd(run, began)
            case End(_, _, transaction):
                state = reconcile_plan.ended(state, self.ledger.commit(transaction, now=self.clock.now()))
        return state

    def _compare(self, step: ReconcileStep, state: Compare, run: Run, deadline: int) -> StepState:
        whole = self.tracker.deadline
        with whole.until(deadline):
            page = self.observer.page(step.bucket, run.cursor, run.page_size)
        until = page.objects[-1][0] if page.more else None
        comparison = reconcile_plan.compare(
            page.objects, self._recorded(step.bucket, run.cursor, until), until=until, limit=MAX_PAGE_KEYS
        )
        comparison, healed = self._heal(
            step.bucket, comparison, min(deadline, whole.at - round(LANDING_SECONDS * 1_000_000))
        )
        return reconcile_plan.compared(
            state,
            comparison,
            healed=healed.tracked.changed,
            drift=healed.tracked.bytes_moved,
            refused=healed.refused,
            missed=healed.missed,
            now=self.clock.now(),
        )

    def _recorded(
        self, bucket: str, after: str, until: str | None
    ) -> Iterator[tuple[str, Observation | None]]:
        """Yield the rows of a range in key order over all shards; a `None` row marks where reading stopped.

        One query page per shard is in memory.
        """
        shards = [self.ledger.objects_between(bucket, shard, after, until) for shard in keys.all_shards()]
        return merge(*shards, key=itemgetter(0))

    def _heal(self, bucket: str, comparison: Comparison, deadline: int) -> tuple[Comparison, Healed]:
        """Commit the differing keys in order; when time runs out, cut the comparison after the last committed key.

        A key that S3 refuses to show is counted, and the run goes on: it must not keep all others from being healed.
        """
        healed = Healed()
        tracker = replace(self.tracker, adopt=self.run_starter.create_totals)
        start = 0
        for chunk in track_plan.chunks([difference.key for difference in comparison.differing]):
            result = tracker.track(bucket, chunk, deadline=deadline)
            healed.tracked = healed.tracked.plus(result)
            refused = {key: error for key, error in result.errors.items() if isinstance(error, RefusedError)}
            failed = {key: error for key, error in result.errors.items() if key not in refused}
            if failed:
                key, error = next(iter(failed.items()))
                if start and isinstance(error, OutOfTimeError):
                    return comparison.cut(start), healed
                raise StepFailedError(
                    f"{len(failed)} keys of a reconcile page could not be committed, {key!r} first: {error}"
                ) from error
            for key, error in list(refused.items())[: max(0, MAX_LOGGED_REFUSALS - healed.refused)]:
                log.error("key %r of bucket %s is not counted: %s", key, bucket, error)
            healed.refused += len(refused)
            differing = comparison.differing[start : start + len(chunk)]
            healed.missed += sum(
                _overdue(each, self.clock.now()) for each in differing if each.key not in refused
            )
            self._measure(bucket, result.sample)
            start += len(chunk)
        return comparison, healed

    def _header(self, bucket: str) -> Header:
        """Return the bucket's header; totals without a sample go on after the history's last one, if there is any.

        Such a history is older than its ledger, which was lost. The samples of before belong to the open intervals, too.
        """
        header = self.ledger.header(bucket)
        if header.totals is None or header.totals.last_time:
            return header
        return replace(header, totals=replace(header.totals, last_time=self.ledger.last_sample_time(bucket)))

    def _ended(self, bucket: str, transaction: Transaction) -> None:
        """Measure a baseline, and have the rollups of samples made that are older than the ledger."""
        self._measure(bucket, transaction.sample)
        if transaction.sample and transaction.totals and transaction.totals.open is None:
            self.steps.send(RecomputeRollups(bucket))

    def _measure(self, bucket: str, sample: Sample | None) -> None:
        if sample is not None:
            metrics.emit({"Bucket": bucket}, metrics.sizes(sample), at=self.clock.now())


def _overdue(difference: Difference, now: int) -> bool:
    """Return whether an event should have told of an object that differs. A removal has no time that could tell."""
    if not difference.last_modified:
        return False
    modified = datetime.strptime(difference.last_modified, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return datetime.fromtimestamp(now / 1_000_000, UTC) - modified > OVERDUE


def _report(step: ReconcileStep, done: StepDone) -> None:
    """Log the progress of the run, or that the message had nothing to do."""
    run = done.run
    fields: dict[str, str | int] = {"bucket": step.bucket, "run_id": step.run_id, "cursor": step.cursor}
    if run is None:
        log.info("reconcile step had nothing to do %s", json.dumps(fields))
        return
    fields |= {"checked": run.checked, "healed": run.healed, "drift_bytes": run.drift, "refused": run.refused}
    if run.ended:
        told: metrics.Values = {
            "ReconcileRefusedKeys": (run.refused, "Count"),
            "DriftHealedKeys": (run.missed if run.settled else 0, "Count"),
        }
        counted: metrics.Values = {
            "ReconcileCheckedKeys": (run.checked, "Count"),
            "ReconcileHealedKeys": (run.healed, "Count"),
            "ReconcileDrift": (run.drift, "Bytes"),
        }
        metrics.emit({"Bucket": step.bucket}, {**counted, **told}, at=run.ended)
        # Alarms cannot look at every bucket there may be, so what they are about is told of all together, too.
        metrics.emit(metrics.of_function(), told, at=run.ended)
    log.info("reconcile %s %s", "ended" if run.ended else "goes on", json.dumps(fields))
