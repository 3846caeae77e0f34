"""Wrong ways to write, to make and to read rollups."""

from dataclasses import dataclass, replace

from plotting import hierarchy
from plotting.hierarchy import Span
from size_history.rollups import Interval, Unit, opened_by
from size_tracking import track_plan
from size_tracking.recomputer import Recomputer
from size_tracking.track_plan import ChunkState, Commit, ReadTotals
from size_tracking.values import Outcome, Transaction
from tests.property.model import questions as ask
from tests.property.model.reader import ReadingBatch, TapeRollups

_committed = track_plan.committed
_cover = hierarchy.cover
_go_live = track_plan.go_live
_record = track_plan._record
_totals_read = track_plan.totals_read
LATEST = 10**15


# --- the tracker ---


def record_by_the_clock(transaction, before, changed, peak, now):
    """File the sample under the interval of the clock."""
    recorded = _record(transaction, before, changed, peak, now)
    if recorded.sample is None or not before.open:
        return recorded
    point = recorded.sample.point
    open_ = tuple(
        interval.with_point(point)
        if interval.start == unit.start_of(now)
        else Interval.of(unit.start_of(now), point)
        for unit, interval in zip(Unit, before.open, strict=True)
    )
    return replace(recorded, totals=replace(recorded.totals, open=open_), rollups=before.closed_by(now))


def record_opening_anew(transaction, before, changed, peak, now):
    """Open the intervals with this sample alone if version 0.1 has dropped them."""
    recorded = _record(transaction, before, changed, peak, now)
    if recorded.sample is None:
        return recorded
    open_ = opened_by(before.open or (), recorded.sample.point)
    return replace(recorded, totals=replace(recorded.totals, open=open_))


def go_live_without_the_baseline(bucket, totals, peak, now):
    """Leave it to the next sample to open the intervals."""
    transaction = _go_live(bucket, totals, peak, now)
    return replace(transaction, totals=replace(transaction.totals, open=()))


@dataclass(frozen=True, slots=True)
class RollupsFirst(Commit):
    """The put of the closed intervals; the transaction that closes them follows."""

    then: Commit


def totals_read_putting_rollups_first(state, totals, peak, now):
    next_state = _totals_read(state, totals, peak, now)
    if not isinstance(next_state, Commit) or not next_state.transaction.rollups:
        return next_state
    transaction = next_state.transaction
    then = replace(next_state, transaction=replace(transaction, rollups=()))
    return RollupsFirst(state.looks, Transaction(transaction.bucket, rollups=transaction.rollups), then)


def committed_after_rollups(state: Commit, outcome: Outcome) -> ChunkState:
    if isinstance(state, RollupsFirst):
        return state.then if outcome is Outcome.COMMITTED else state
    return _committed(state, outcome)


@dataclass(frozen=True, slots=True)
class ReadTotalsAgain(ReadTotals):
    """Read the totals again, for a commit with the closed intervals of the first plan."""

    rollups: tuple


def committed_keeping_rollups(state: Commit, outcome: Outcome) -> ChunkState:
    if outcome is Outcome.TOTALS_MOVED and state.transaction.rollups:
        return ReadTotalsAgain(state.transaction.bucket, state.looks, state.transaction.rollups)
    return _committed(state, outcome)


def totals_read_keeping_rollups(state, totals, peak, now):
    next_state = _totals_read(state, totals, peak, now)
    if not isinstance(next_state, Commit) or not isinstance(state, ReadTotalsAgain):
        return next_state
    kept = {(rollup.unit, rollup.interval.start): rollup for rollup in state.rollups}
    planned = {(rollup.unit, rollup.interval.start): rollup for rollup in next_state.transaction.rollups}
    rollups = tuple((planned | kept).values())
    return replace(next_state, transaction=replace(next_state.transaction, rollups=rollups))


# --- the recomputer ---


class ClosesByTheClock(Recomputer):
    """Closes what is over by the clock, instead of leaving it to the next sample."""

    def step(self, message, *, deadline):
        totals = self._totals(message.bucket)
        if totals and totals.open and (closed := totals.closed_by(self.clock.now())):
            moved = replace(totals, open=(), revision=totals.revision + 1)
            transaction = Transaction(message.bucket, totals=moved, rollups=closed)
            self.ledger.commit(transaction, now=self.clock.now())


class MadeByTheClock(Recomputer):
    """Takes every interval for closed that is over by the clock."""

    def _totals(self, bucket):
        totals = super()._totals(bucket)
        return totals and replace(totals, last_time=max(totals.last_time, self.clock.now()))


class SamplesFirst(Recomputer):
    """Reads the samples, then the totals."""

    def step(self, message, *, deadline):
        bucket = message.bucket
        samples = [sample for page in self.ledger.samples(bucket, 0, LATEST) for sample in page]
        late = replace(self, ledger=_Prefetched(self.ledger, samples))
        Recomputer.step(late, message, deadline=deadline)


class _Prefetched:
    def __init__(self, ledger, samples):
        self._ledger = ledger
        self._samples = samples

    def __getattr__(self, name):
        return getattr(self._ledger, name)

    def samples(self, bucket, start, end):
        yield [sample for sample in self._samples if start <= sample.time < end]


def stale_page(self, bucket, start, end):
    """Read samples eventually consistent."""
    return self.tape.answer(ask.ReadSamples(bucket, start, end, self._sample_page, consistent=False))


class OpenOnesToo(Recomputer):
    """Puts rows of the open intervals."""

    def _read(self, bucket, start, until, deadline):
        pages = self.ledger.samples(bucket, start, LATEST)
        return [sample for page in pages for sample in page], until


class EndsWithinAMinute(Recomputer):
    """Makes what one page has, and goes on after its last sample."""

    def _read(self, bucket, start, until, deadline):
        samples = next(iter(self.ledger.samples(bucket, start, until)), ())
        return list(samples), samples[-1].time + 1 if samples else until


class OpenFirst(Recomputer):
    """Puts the open intervals first, then the closed ones."""

    def step(self, message, *, deadline):
        totals = self._totals(message.bucket)
        if totals is not None:
            self._open(message.bucket, Unit.MINUTE.start_of(totals.last_time))
        super().step(message, deadline=deadline)


# --- the reader ---


class RowsFirst(ReadingBatch):
    """Reads all rows, then the totals."""

    def rollups(self, tape):
        return _Rows([tape.answer(ask.ReadRollups("one", unit, 0, LATEST)) for unit in Unit])


class _Rows(TapeRollups):
    def __init__(self, rows):
        self._rows = dict(zip(Unit, rows, strict=True))

    def _read(self, bucket, unit, first, last):
        return [row for row in self._rows[unit] if first <= row.interval.start < last]


def cover_with_all_rows(start, end, totals):
    """Take the open interval's row, too, if there is one by now."""
    covered = _cover(start, end, totals)
    if not covered.open or not covered.spans:
        return covered
    *spans, last = covered.spans
    return replace(covered, spans=(*spans, replace(last, end=LATEST) if isinstance(last, Span) else last))
