"""Adoption and reconcile as a pure state machine: a run of steps, each one queue message and one page of keys.

A step goes CheckRun → Compare → Advance → Announce → StepDone, the last one ReadEnd → End → StepDone. The listing
is only a hint: every key that differs goes through the accounting like any event's.

A run cannot get lost, because a step is acknowledged only after the next one is known to be sent: a step whose put is
refused checks the run again, since it may have been refused by the one before it saying that it is sent, or by its own
first attempt whose answer was lost. And it cannot fork: the same step sent twice moves the run once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from heapq import merge
from itertools import groupby
from operator import itemgetter

from size_history.items import Peak, State, Totals
from size_history.messages import ReconcileStep
from size_tracking.track_plan import go_live
from size_tracking.values import Observation, Outcome, Run, Transaction

STALE_MICROSECONDS = 15 * 60 * 1_000_000
"""A run without progress for longer than a step and its redeliveries take is given up: a new one starts."""


# --- beginning: read the run → put a new one, unless one is going on → send its step ---


@dataclass(frozen=True, slots=True)
class PutRun:
    """Put this new run, if nobody else did since."""

    bucket: str
    run: Run


@dataclass(frozen=True, slots=True)
class SendStep:
    """Send the message of the step that the run expects next."""

    bucket: str
    run: Run


def begin(bucket: str, run: Run | None, *, run_id: str, page_size: int, now: int) -> PutRun | SendStep:
    """Begin a run, or push on the one that is going on: its step is sent again, which can do no harm."""
    going_on = run is not None and run.ended is None and now - run.moved <= STALE_MICROSECONDS
    if run is not None and going_on:
        return SendStep(bucket, run)
    revision = run.revision + 1 if run else 1
    return PutRun(bucket, Run(run_id, page_size, started=now, moved=now, revision=revision))


# --- a step ---


@dataclass(frozen=True, slots=True)
class CheckRun:
    """Read the run, to see what the message has to do with it."""


@dataclass(frozen=True, slots=True)
class Compare:
    """Compare the run's next page with the rows, and heal what differs."""

    run: Run


@dataclass(frozen=True, slots=True)
class Advance:
    """Put the moved run, if it is still where this step found it."""

    run: Run


@dataclass(frozen=True, slots=True)
class Announce:
    """Send the next step, then put the run that says so."""

    run: Run


@dataclass(frozen=True, slots=True)
class ReadEnd:
    """Every key is compared: read totals and peak for the end of the run."""

    run: Run


@dataclass(frozen=True, slots=True)
class CreateTotals:
    """There are no totals yet (the bucket may be empty): create them, then read them."""

    run: Run


@dataclass(frozen=True, slots=True)
class End:
    """Write the end of the run; where the bucket was adopting, it goes live with it."""

    run: Run
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class StepDone:
    """Nothing is left to do for this message; `run` is where the run stands, if this step moved it."""

    run: Run | None = None


StepState = CheckRun | Compare | Advance | Announce | ReadEnd | CreateTotals | End | StepDone


def run_checked(step: ReconcileStep, run: Run | None) -> Compare | Announce | StepDone:
    """Say what this message has to do with the run: it is expected, or it died before it sent the next, or nothing."""
    if run is None or run.run_id != step.run_id or run.ended is not None:
        return StepDone()
    if run.cursor == step.cursor:
        return Compare(run)
    if run.previous == step.cursor and not run.announced:
        return Announce(run)
    return StepDone()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A page compared: where its keys differ, how many were looked at, where to go on (None: the end is reached).

    `differing` holds the keys in order, each with how many keys were looked at up to and including it.
    """

    differing: tuple[tuple[str, int], ...]
    checked: int
    cursor: str | None

    def cut(self, count: int) -> "Comparison":
        """Return the comparison as if the page had ended with its differing key number `count` (from 1)."""
        key, checked = self.differing[count - 1]
        return Comparison(self.differing[:count], checked, key)


def compare(
    listed: Iterable[tuple[str, Observation]],
    recorded: Iterable[tuple[str, Observation | None]],
    *,
    until: str | None,
    limit: int,
) -> Comparison:
    """Merge a page of the listing with the rows of its range, both in key order.

    `until` is the last listed key where the listing goes on, None where it ends. A row that is None says that beyond
    its key rows are unread: the page is cut there. It is cut at `limit` differing keys, too, so that rows nobody lists
    any more cannot fill the memory.
    """
    differing: list[tuple[str, int]] = []
    checked = 0
    for key, sides in _merged(listed, recorded):
        in_s3, in_ledger = sides.get(_Side.LISTED), sides.get(_Side.RECORDED)
        checked += bool(in_s3 or in_ledger)
        if (in_s3 or in_ledger) and not (in_s3 and in_ledger and _alike(in_s3, in_ledger)):
            differing.append((key, checked))
        if len(differing) == limit or _Side.UNREAD in sides:
            return Comparison(tuple(differing), checked, key)
    return Comparison(tuple(differing), checked, until)


def compared(
    state: Compare, comparison: Comparison, *, healed: int, drift: int, now: int
) -> Advance | ReadEnd:
    """Move the run past a page whose differing keys are committed; `healed` of them had changed, by `drift` bytes."""
    run = replace(
        state.run,
        revision=state.run.revision + 1,
        moved=now,
        checked=state.run.checked + comparison.checked,
        healed=state.run.healed + healed,
        drift=state.run.drift + drift,
    )
    if comparison.cursor is None:
        return ReadEnd(replace(run, ended=now))
    return Advance(replace(run, previous=run.cursor, cursor=comparison.cursor, announced=False))


def advanced(state: Advance, *, done: bool) -> Announce | CheckRun:
    """Go on if this step moved the run; if somebody else did, see what is left to do."""
    return Announce(state.run) if done else CheckRun()


def announced(state: Announce) -> Run:
    """Return the run that says its expected step is sent."""
    return replace(state.run, announced=True, revision=state.run.revision + 1)


def end_read(
    bucket: str, state: ReadEnd, totals: Totals | None, peak: Peak | None, now: int
) -> CreateTotals | End:
    """Plan the end of the run from totals and peak as read just now (`now` in microseconds since 1970)."""
    if totals is None:
        return CreateTotals(state.run)
    if totals.state is State.LIVE:
        return End(state.run, Transaction(bucket, run=state.run))
    return End(state.run, replace(go_live(bucket, totals, peak, now), run=state.run))


def ended(state: End, outcome: Outcome) -> ReadEnd | CheckRun | StepDone:
    """Finish, read again where totals or peak moved, or see what is left to do where the run did."""
    if outcome is Outcome.TOTALS_MOVED:
        return ReadEnd(state.run)
    if outcome is Outcome.ROW_MOVED:
        return CheckRun()
    return StepDone(state.run)


def _alike(in_s3: Observation, in_ledger: Observation) -> bool:
    """Compare what a listing tells: it has no version, and its time is not what a HEAD's is to the letter."""
    return (in_s3.size, in_s3.etag) == (in_ledger.size, in_ledger.etag)


class _Side(Enum):
    LISTED = auto()
    RECORDED = auto()
    UNREAD = auto()
    """Rows beyond the key are unread."""


def _merged(
    listed: Iterable[tuple[str, Observation]], recorded: Iterable[tuple[str, Observation | None]]
) -> Iterator[tuple[str, dict[_Side, Observation | None]]]:
    """Yield every key once, in order, with what the listing and the Ledger have of it."""
    in_order = merge(
        ((key, _Side.LISTED, seen) for key, seen in listed),
        ((key, _Side.RECORDED if seen else _Side.UNREAD, seen) for key, seen in recorded),
        key=itemgetter(0),
    )
    for key, entries in groupby(in_order, key=itemgetter(0)):
        yield key, {side: seen for _, side, seen in entries}
