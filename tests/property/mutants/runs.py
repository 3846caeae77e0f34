"""Wrong ways to adopt and to reconcile."""

from dataclasses import dataclass, replace

from size_history.messages import MAX_PAGE_KEYS, ReconcileStep
from size_tracking import reconcile_plan, track_plan
from size_tracking.reconcile_plan import Advance, Announce, Comparison, End, SendStep, StepDone
from size_tracking.reconciler import Healed, Reconciler, RunStarter
from size_tracking.track_plan import ChunkState, ReadRows, ReadTotals
from size_tracking.tracker import Tracker
from size_tracking.values import ABSENT, Outcome, RowWrite
from tests.property.model import books
from tests.property.model import questions as ask
from tests.property.model.books import Row
from tests.property.model.handlers import Handlers
from tests.property.model.tape import TapeTracker
from tests.property.mutants.rows import Reread, rewrite_rows, step_rereading

_ended = reconcile_plan.ended
_end_read = reconcile_plan.end_read
_go_live = track_plan.go_live
_messages = Handlers.messages
_next = Reconciler._next
_row_stands = books.row_stands
_run_checked = reconcile_plan.run_checked
_totals_read = track_plan.totals_read
_totals_stand = books.totals_stand
_totals_written = books.totals_written


class TotalsFirst(RunStarter):
    """Creates the totals, then sends the step."""

    def begin(self, bucket, page_size=MAX_PAGE_KEYS, *, adopting=False):
        if not self.ledger.header(bucket).totals:
            self.ledger.create_totals(bucket, None, now=self.clock.now())
        run = self.ledger.run(bucket)
        run_id, now = self.new_run_id(), self.clock.now()
        state = reconcile_plan.begin(run, run_id=run_id, page_size=page_size, now=now)
        if isinstance(state, SendStep) or self.ledger.put_run(bucket, state.run):
            self.steps.send(ReconcileStep(bucket, state.run.run_id, state.run.cursor))


class StepFirst(RunStarter):
    """Sends the first step, then puts the run that it belongs to."""

    def begin(self, bucket, page_size=MAX_PAGE_KEYS, *, adopting=False):
        run = self.ledger.run(bucket)
        if adopting and self.ledger.header(bucket).totals:
            return
        run_id, now = self.new_run_id(), self.clock.now()
        state = reconcile_plan.begin(run, run_id=run_id, page_size=page_size, now=now)
        self.steps.send(ReconcileStep(bucket, state.run.run_id, state.run.cursor))
        if not isinstance(state, SendStep):
            self.ledger.put_run(bucket, state.run)
        self.ledger.create_totals(bucket, None, now=self.clock.now())


class NeverPushes(RunStarter):
    """Does not send the next step of a run that goes on once more."""

    def begin(self, bucket, page_size=MAX_PAGE_KEYS, *, adopting=False):
        run = self.ledger.run(bucket)
        if run is None or run.ended is not None:
            super().begin(bucket, page_size, adopting=adopting)


class AlwaysBegins(RunStarter):
    """Begins a run for every event that found no totals, even if there are some by now."""

    def adopt(self, bucket):
        self.begin(bucket)


def acknowledged_before_sending(self: Handlers, number: int) -> tuple[int, ...]:
    """Lose the messages of a step that dies when it has only to send the next."""
    asking = self[number].asking
    sending = isinstance(asking.question, ask.Send) and "cursor" in asking.task.bodies[0]
    return () if sending else _messages(self, number)


def going_live_stands(stored, transaction) -> bool:
    return bool(transaction.run) or _totals_stand(stored, transaction)


def going_live_unnoticed(stored, transaction):
    totals = _totals_written(stored, transaction)
    return replace(totals, revision=totals.revision - 1) if transaction.run else totals


def go_live_without_peak(bucket, totals, peak, now):
    return replace(_go_live(bucket, totals, peak, now), peak=None)


def advanced_giving_way(state: Advance, *, done: bool):
    return Announce(state.run) if done else StepDone()


def ended_giving_way(state: End, outcome: Outcome):
    return StepDone() if outcome is Outcome.ROW_MOVED else _ended(state, outcome)


class AnnouncesBeforeSending(Reconciler):
    """Puts the run as announced, then sends the next step."""

    def _next(self, step, state, deadline):
        if not isinstance(state, Announce):
            return _next(self, step, state, deadline)
        self.ledger.put_run(step.bucket, reconcile_plan.announced(state))
        self.steps.send(ReconcileStep(step.bucket, state.run.run_id, state.run.cursor))
        return StepDone(state.run)


class SendsBeforeMoving(Reconciler):
    """Sends the next step, then moves the run to it."""

    def _next(self, step, state, deadline):
        if isinstance(state, Announce):
            return StepDone(state.run)
        if isinstance(state, Advance):
            self.steps.send(ReconcileStep(step.bucket, state.run.run_id, state.run.cursor))
        return _next(self, step, state, deadline)


class EndsBeforeGoingLive(Reconciler):
    """Puts the end of the run on its own, then takes the bucket live."""

    def _next(self, step, state, deadline):
        if not isinstance(state, End):
            return _next(self, step, state, deadline)
        if not self.ledger.put_run(step.bucket, state.run):
            return reconcile_plan.CheckRun()
        rest = replace(state.transaction, run=None)
        while self.ledger.commit(rest, now=self.clock.now()) is not Outcome.COMMITTED:
            header = self.ledger.header(step.bucket)
            rest = replace(_end_read(step.bucket, state, header, self.clock.now()).transaction, run=None)
        return StepDone(state.run)


class SkipsFailures(Reconciler):
    """Continues after the keys of a page that could not be committed."""

    def _heal(self, bucket, comparison, deadline):
        result = self.tracker.track(bucket, [each.key for each in comparison.differing], deadline=deadline)
        return comparison, Healed(replace(result, errors={}))


class ListedOnly(Reconciler):
    """Compares no row whose object is not listed."""

    def _recorded(self, bucket, after, until):
        return iter(())


class IgnoresUnread(Reconciler):
    """Treats the rows that were read as all rows."""

    def _recorded(self, bucket, after, until):
        rows = super()._recorded(bucket, after, until)
        return ((key, seen) for key, seen in rows if seen)


def run_checked_without_the_step_before(step, run):
    """Treat a compared step as done, although it died before it sent the next."""
    next_state = _run_checked(step, run)
    return StepDone() if isinstance(next_state, Announce) else next_state


def whole(self: Comparison, count: int) -> Comparison:
    """Continue after the whole page, although time ran out in the middle of it."""
    return self


# --- the listing used as observations ---


class ListingTracker(TapeTracker):
    """Uses the last page of the listing as observations."""

    def _run(self, state: ChunkState, result, deadline):
        listed = getattr(self.ledger, "listed", None)
        if listed is not None and isinstance(state, ReadRows):
            seen = tuple((key, listed.get(key, ABSENT)) for key in state.keys)
            state = Reread(state.bucket, state.keys, seen)
        super()._run(state, result, deadline)


class RememberedListing:
    """Gives the pages of the listing to the tracker, through the ledger that it uses."""

    def __init__(self, observer, ledger) -> None:
        self._observer = observer
        self._ledger = ledger

    def page(self, bucket, after, size):
        page = self._observer.page(bucket, after, size)
        self._ledger.listed = dict(page.objects)
        return page


class ListingReconciler(Reconciler):
    """Lets the tracker use the page that it compares."""

    def _compare(self, step, state, run, deadline):
        remembering = replace(self, observer=RememberedListing(self.observer, self.ledger))
        next_state = super(ListingReconciler, remembering)._compare(step, state, run, deadline)
        self.ledger.listed = None
        return next_state


@dataclass(frozen=True, slots=True)
class ReadTotalsForListed(ReadTotals):
    """Read the totals for looks from a listing."""


@dataclass(frozen=True, slots=True)
class Unconditional(RowWrite):
    """A write without a condition."""


def step_marking_listed(self: Tracker, state: ChunkState, errors) -> ChunkState:
    next_state = step_rereading(self, state, errors)
    if isinstance(state, Reread) and isinstance(next_state, ReadTotals):
        return ReadTotalsForListed(next_state.bucket, next_state.looks)
    return next_state


def unconditional_if_listed(state, writes):
    if not isinstance(state, ReadTotalsForListed):
        return writes
    return [Unconditional(write.key, write.read_revision, write.revision, write.seen) for write in writes]


totals_read_for_listed = rewrite_rows(unconditional_if_listed)


def row_stands_or_listed(stored: Row, write: RowWrite) -> bool:
    return isinstance(write, Unconditional) or _row_stands(stored, write)
