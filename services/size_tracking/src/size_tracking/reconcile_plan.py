"""Adoption and reconcile as a pure state machine: a run of steps, each one queue message and one page of keys.

A step goes CheckRun → Compare → Advance → Announce → StepDone; the last step goes ReadEnd → End → StepDone instead of
Advance. `reconciler.py` runs it. The listing is never used as an observation: it only says which keys to check, and
those keys are tracked as if an event had named them.

A run cannot get lost, because a step is acknowledged only after the next one is known to be sent. If its put is
refused, a step checks the run again: the step before it may have just put the run as announced, or the answer to its
own first attempt was lost. A run cannot fork either: a step that is delivered twice moves the run once.

A request that comes while a run goes on must not be lost in it, because the run may have passed the key that the request
is about. It has the run make one more pass.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from heapq import merge
from itertools import groupby
from operator import itemgetter

from size_history.items import State
from size_history.messages import ReconcileStep
from size_history.sources import Hearing, Source
from size_tracking.track_plan import go_live
from size_tracking.values import Header, Observation, Outcome, Run, Transaction

STALE_MICROSECONDS = 15 * 60 * 1_000_000
"""A run without progress for this long is replaced by a new one. A step and its redeliveries take less."""


# --- start: read the run → put a new one, unless one is going on → send its step ---


@dataclass(frozen=True, slots=True)
class PutRun:
    """Put this new run, if nothing else has put one since."""

    run: Run


@dataclass(frozen=True, slots=True)
class SendStep:
    """Send the message of the run's next step."""

    run: Run


def begin(
    run: Run | None, *, run_id: str, page_size: int, now: int, settled: bool = False, again: bool = True
) -> PutRun | SendStep:
    """Begin a run, or have the run that is going on make another pass (`again`), and send its next step once more.

    A step that is sent twice does no harm. An adoption does not need another pass: any run of the bucket adopts it.
    """
    if run is not None and run.ended is None and now - run.moved <= STALE_MICROSECONDS:
        if run.again or not again:
            return SendStep(run)
        return PutRun(replace(run, again=True, revision=run.revision + 1))
    revision = run.revision + 1 if run else 1
    return PutRun(Run(run_id, page_size, started=now, moved=now, revision=revision, settled=settled))


# --- a step ---


@dataclass(frozen=True, slots=True)
class CheckRun:
    """Read the run, to find out whether the message is its next step."""


@dataclass(frozen=True, slots=True)
class Compare:
    """Compare the run's next page with the rows, and track the keys that differ."""

    run: Run


@dataclass(frozen=True, slots=True)
class Advance:
    """Put the moved run, if it has not changed since this step read it."""

    run: Run


@dataclass(frozen=True, slots=True)
class Announce:
    """Send the next step, then put the run as announced."""

    run: Run


@dataclass(frozen=True, slots=True)
class ReadEnd:
    """All keys are compared: read the bucket's rows for the end of the pass, which began at `began`."""

    run: Run
    began: int


@dataclass(frozen=True, slots=True)
class CreateTotals:
    """The totals do not exist yet (the bucket may be empty): create them, then read them."""

    run: Run
    began: int
    source: Source | None


@dataclass(frozen=True, slots=True)
class End:
    """Write the end of the pass. In the same transaction an adopting bucket goes live, and a recovered one is heard."""

    run: Run
    began: int
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class StepDone:
    """The message is done; `run` is the run as this step left it, or None if it did not move it."""

    run: Run | None = None


StepState = CheckRun | Compare | Advance | Announce | ReadEnd | CreateTotals | End | StepDone


def run_checked(step: ReconcileStep, run: Run | None) -> Compare | Announce | StepDone:
    """Return what to do with this message: it is the run's next step, it died before it announced that, or neither."""
    if run is None or run.run_id != step.run_id or run.ended is not None:
        return StepDone()
    if run.cursor == step.cursor:
        return Compare(run)
    if run.previous == step.cursor and not run.announced:
        return Announce(run)
    return StepDone()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A compared page: the keys that differ, the number of keys checked, and the next cursor (None at the end).

    `differing` is in key order.
    """

    differing: tuple["Difference", ...]
    checked: int
    cursor: str | None

    def cut(self, count: int) -> "Comparison":
        """Return the comparison as if the page ended with the `count`th differing key (from 1)."""
        last = self.differing[count - 1]
        return Comparison(self.differing[:count], last.checked, last.key)


@dataclass(frozen=True, slots=True)
class Difference:
    """A key that differs, the number of keys checked up to and including it, and when S3 lists it as modified."""

    key: str
    checked: int
    last_modified: str = ""


def compare(
    listed: Iterable[tuple[str, Observation]],
    recorded: Iterable[tuple[str, Observation | None]],
    *,
    until: str | None,
    limit: int,
) -> Comparison:
    """Merge a page of the listing with the rows of its range, both in key order.

    `until` is the last listed key, or None if the listing has ended. A `None` row marks where reading stopped: rows
    after its key were not read, so the page ends there. It also ends at `limit` differing keys, so that rows of
    deleted objects cannot fill the memory.
    """
    differing: list[Difference] = []
    checked = 0
    for key, sides in _merged(listed, recorded):
        in_s3, in_ledger = sides.get(_Side.LISTED), sides.get(_Side.RECORDED)
        checked += bool(in_s3 or in_ledger)
        if (in_s3 or in_ledger) and not (in_s3 and in_ledger and in_s3.same_as(in_ledger)):
            differing.append(Difference(key, checked, in_s3.last_modified if in_s3 else ""))
        if len(differing) == limit or _Side.UNREAD in sides:
            return Comparison(tuple(differing), checked, key)
    return Comparison(tuple(differing), checked, until)


def compared(
    state: Compare,
    comparison: Comparison,
    *,
    healed: int = 0,
    drift: int = 0,
    refused: int = 0,
    missed: int = 0,
    now: int,
) -> Advance | ReadEnd:
    """Move the run past a page whose keys are committed or refused; `healed` of them had changed, by `drift` bytes."""
    run = replace(
        state.run,
        revision=state.run.revision + 1,
        moved=now,
        checked=state.run.checked + comparison.checked,
        healed=state.run.healed + healed,
        drift=state.run.drift + drift,
        refused=state.run.refused + refused,
        missed=state.run.missed + missed,
    )
    if comparison.cursor is None:
        return ReadEnd(_next_pass(run, now) if run.again else replace(run, ended=now), state.run.started)
    return Advance(replace(run, previous=run.cursor, cursor=comparison.cursor, announced=False))


def _next_pass(run: Run, now: int) -> Run:
    return replace(run, again=False, previous=run.cursor, cursor="", announced=False, started=now)


def advanced(state: Advance, *, done: bool) -> Announce | CheckRun:
    """Announce the next step if this one moved the run; otherwise check the run again."""
    return Announce(state.run) if done else CheckRun()


def announced(state: Announce) -> Run:
    """Return the run with its next step announced."""
    return replace(state.run, announced=True, revision=state.run.revision + 1)


def end_read(bucket: str, state: ReadEnd, header: Header, now: int) -> CreateTotals | End:
    """Plan the end of a pass from the bucket's rows as read just now (`now` in microseconds since 1970)."""
    if header.totals is None:
        return CreateTotals(state.run, state.began, header.source)
    transaction = Transaction(bucket)
    if header.totals.state is not State.LIVE:
        transaction = go_live(bucket, header.totals, header.peak, now)
    source = _heard(header.source, state.began, now) if header.source else None
    return End(state.run, state.began, replace(transaction, run=state.run, source=source))


def _heard(source: Source, began: int, now: int) -> Source | None:
    """Return a recovering bucket's row as heard, if the pass began late enough to have seen every unheard change."""
    if source.hearing is not Hearing.RECOVERING or began < source.due:
        return None
    return replace(source, hearing=Hearing.HEARD, since=now, reason="", due=0, revision=source.revision + 1)


def ended(state: End, outcome: Outcome) -> ReadEnd | CheckRun | Announce | StepDone:
    """Finish, or announce the next pass; read again if another row moved; check the run again if it moved."""
    if outcome is Outcome.TOTALS_MOVED:
        return ReadEnd(state.run, state.began)
    if outcome is Outcome.ROW_MOVED:
        return CheckRun()
    return StepDone(state.run) if state.run.ended is not None else Announce(state.run)


class _Side(Enum):
    LISTED = auto()
    RECORDED = auto()
    UNREAD = auto()
    """Rows after the key were not read."""


def _merged(
    listed: Iterable[tuple[str, Observation]], recorded: Iterable[tuple[str, Observation | None]]
) -> Iterator[tuple[str, dict[_Side, Observation | None]]]:
    """Yield every key once, in order, with its observations in the listing and in the Ledger."""
    in_order = merge(
        ((key, _Side.LISTED, seen) for key, seen in listed),
        ((key, _Side.RECORDED if seen else _Side.UNREAD, seen) for key, seen in recorded),
        key=itemgetter(0),
    )
    for key, entries in groupby(in_order, key=itemgetter(0)):
        yield key, {side: seen for _, side, seen in entries}
