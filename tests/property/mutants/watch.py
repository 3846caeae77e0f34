"""Wrong ways to watch the event path, to end a recovery, and to make another pass."""

from dataclasses import dataclass, replace

from size_history.messages import ReconcileRequest, ReconcileStep
from size_history.sources import SECOND_RUN_SECONDS, Hearing, Source
from size_tracking import reconcile_plan, watch_plan
from size_tracking.reconcile_plan import STALE_MICROSECONDS, Advance, PutRun, ReadEnd
from size_tracking.reconciler import RunStarter
from size_tracking.watcher import Watcher
from tests.property.model import books
from tests.property.model import questions as ask
from tests.property.model.tape import TapeLedger, TapeSteps

_begin = reconcile_plan.begin
_checked = watch_plan.checked
_compared = reconcile_plan.compared
_finding = watch_plan._finding
_heard = reconcile_plan._heard
_send = TapeSteps.send
_source_stands = books.source_stands


# --- the order of a check ---


class RecordsFirst(Watcher):
    """Writes the row, then sends the requests."""

    def _record(self, bucket, source, after, now):
        if not self.ledger.put_source(bucket, after):
            return False
        if watch_plan.heard_again(source, after):
            self.steps.send(ReconcileRequest(bucket))
            self.steps.send(ReconcileRequest(bucket), delay_seconds=SECOND_RUN_SECONDS)
        return True


class LooksFirst(Watcher):
    """Looks at the event path, then reads the rows."""

    def _check_once(self, buckets, deadline):
        looks = {bucket: self.event_path.look(bucket, None) for bucket in buckets}
        return super(LooksFirst, replace(self, event_path=Remembered(looks)))._check_once(buckets, deadline)


@dataclass
class Remembered:
    """An event path as it was."""

    looks: dict

    def configuration(self):
        return None

    def look(self, bucket, configuration):
        return self.looks[bucket]


class KeepsDeaf(Watcher):
    """Does not write that a bucket is still deaf."""

    def _record(self, bucket, source, after, now):
        if after.hearing is source.hearing is Hearing.DEAF:
            return True
        return super()._record(bucket, source, after, now)


# --- what a check records ---


def checked_live(source, look, now):
    """Record a bucket that is heard again as heard at once."""
    after = _checked(source, look, now)
    return replace(after, hearing=Hearing.HEARD) if after.hearing is Hearing.RECOVERING else after


def heard_again_if_due(source, after):
    """Ask for the reconciles of a bucket that is recorded as heard."""
    return after.due not in {0, source.due}


def due_at_once(source, hearing, now, *, same):
    """Let any run end the recovery that begins after the check."""
    if hearing is not Hearing.RECOVERING:
        return 0
    return source.due if same else now


def due_ever_later(source, hearing, now, *, same):
    """Let every check put the end of a recovery off."""
    return watch_plan.RECOVERY_MICROSECONDS + now if hearing is Hearing.RECOVERING else 0


def never_delayed(self, message, *, delay_seconds=0):
    """Send delayed messages at once."""
    _send(self, message)


def only_at_once(self, message, *, delay_seconds=0):
    """Send no delayed message."""
    if not delay_seconds:
        _send(self, message)


def heard_again_once(source, after):
    """Ask for the reconciles of a bucket that was not recovering already."""
    return after.hearing is Hearing.RECOVERING is not source.hearing


# --- the end of a recovery ---


def heard_whenever(source, began, now):
    """End a recovery with any run."""
    return _heard(source, source.due, now)


@dataclass(frozen=True, slots=True)
class Blind(Source):
    """A row that is put without a condition."""


def heard_blindly(source, began, now):
    heard = _heard(source, began, now)
    if heard is None:
        return None
    return Blind(heard.since, heard.hearing, heard.reason, heard.created, heard.checked, 0, heard.revision)


def source_stands_or_blind(stored, source):
    return isinstance(source, Blind) or _source_stands(stored, source)


def compared_by_the_next_begin(state, comparison, **more):
    """Take the begin of the pass that follows for that of the one that has ended."""
    after = _compared(state, comparison, **more)
    return ReadEnd(after.run, after.run.started) if isinstance(after, ReadEnd) else after


# --- another pass ---


def begin_swallowing(run, *, again=True, **more):
    """Push a run on that goes on, and do no more."""
    return _begin(run, again=False, **more)


def begin_keeping_the_place(run, *, run_id, page_size, now, settled=False, again=True):
    """Replace a stale run by one that continues where it stopped."""
    new = _begin(run, run_id=run_id, page_size=page_size, now=now, settled=settled, again=again)
    stale = run is not None and run.ended is None and now - run.moved > STALE_MICROSECONDS
    return PutRun(replace(new.run, cursor=run.cursor, previous=run.previous)) if stale else new


def compared_forgetting(state, comparison, **more):
    """Forget with the next page that another pass was asked for."""
    after = _compared(state, comparison, **more)
    return Advance(replace(after.run, again=False)) if isinstance(after, Advance) else after


def next_pass_as_old(run, now):
    """Keep the old begin of the run for its next pass."""
    return replace(run, again=False, previous=run.cursor, cursor="", announced=False)


def next_pass_announced(run, now):
    """Take the first step of the next pass for sent."""
    return replace(next_pass_as_old(run, now), announced=True, started=now)


class SetsAgainOnly(RunStarter):
    """Has a run that goes on make another pass without sending its step."""

    def begin(self, bucket, page_size=1000, *, adopting=False):
        run = self.ledger.run(bucket)
        if run is None or run.ended is not None or adopting or run.again:
            super().begin(bucket, page_size, adopting=adopting)
            return
        state = reconcile_plan.begin(run, run_id="", page_size=page_size, now=self.clock.now())
        if not self.ledger.put_run(bucket, state.run):
            super().begin(bucket, page_size, adopting=adopting)
        if self.ledger.header(bucket).totals is None:
            self.ledger.create_totals(bucket, None, now=self.clock.now())


class SecondRequestLast(RunStarter):
    """Sends the first step of an adoption, then the request for its second run."""

    def begin(self, bucket, page_size=1000, *, adopting=False):
        super(SecondRequestLast, replace(self, steps=Reordered(self.steps))).begin(
            bucket, page_size, adopting=adopting
        )


@dataclass
class Reordered:
    """Sends a delayed message after the one that follows it."""

    steps: TapeSteps
    delayed: ReconcileRequest | None = None

    def send(self, message, *, delay_seconds=0):
        if delay_seconds:
            self.delayed = message
            return
        self.steps.send(message)
        if self.delayed:
            self.steps.send(self.delayed, delay_seconds=SECOND_RUN_SECONDS)


class SetsAgainLast(RunStarter):
    """Sends the step of a run that goes on, then asks it for another pass, unless it has ended meanwhile."""

    def begin(self, bucket, page_size=1000, *, adopting=False):
        run = self.ledger.run(bucket)
        if run is None or run.ended is not None or adopting or run.again:
            super().begin(bucket, page_size, adopting=adopting)
            return
        self.steps.send(ReconcileStep(bucket, run.run_id, run.cursor))
        self.ledger.put_run(bucket, replace(run, again=True, revision=run.revision + 1))


# --- eventually consistent reads ---


def stale_run(self: TapeLedger, bucket):
    run = self.tape.answer(ask.ReadRun(bucket, consistent=False))
    self.runs_seen = run.revision if run else 0
    return run


def stale_sources(self: TapeLedger, buckets):
    found = {bucket: self.tape.answer(ask.ReadSource(bucket, consistent=False)) for bucket in buckets}
    return {bucket: source for bucket, source in found.items() if source}
