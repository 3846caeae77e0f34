"""Wrong ways to write totals, samples and the peak."""

from dataclasses import dataclass, replace

from size_history.items import Peak, State, Totals
from size_tracking import track_plan
from size_tracking.track_plan import ChunkState, Commit, Done
from size_tracking.values import Outcome, Transaction

_committed = track_plan.committed
_totals_read = track_plan.totals_read
_record = track_plan._record
_prefix_deltas = track_plan._prefix_deltas
_moved = track_plan._moved


def always(*_args) -> bool:
    """Stand in for a condition that is left out."""
    return True


def totals_added(stored: Totals, transaction: Transaction) -> Totals:
    """Add the deltas to the stored totals, as an ADD does."""
    size = sum(delta.size for delta in transaction.prefixes)
    count = sum(delta.count for delta in transaction.prefixes)
    revision = stored.revision + 1
    return replace(transaction.totals, size=stored.size + size, count=stored.count + count, revision=revision)


@dataclass(frozen=True, slots=True)
class Staged(Commit):
    """A commit that is followed by another."""

    later: Transaction


def later(part: str):
    """Return a `totals_read` and a `committed` that write the sample, the peak or the rollups after the transaction."""
    nothing = getattr(Transaction(""), part)

    def totals_read(state, totals, peak, now):
        next_state = _totals_read(state, totals, peak, now)
        if not isinstance(next_state, Commit) or getattr(next_state.transaction, part) == nothing:
            return next_state
        first = replace(next_state.transaction, **{part: nothing})
        then = Transaction(first.bucket, **{part: getattr(next_state.transaction, part)})
        return Staged(state.looks, first, then)

    def committed(state: Commit, outcome: Outcome) -> ChunkState:
        if isinstance(state, Staged) and outcome is Outcome.COMMITTED:
            return Commit(state.looks, state.later)
        if not state.transaction.rows:
            return Done()
        return _committed(state, outcome)

    return {"totals_read": totals_read, "committed": committed}


def record_now(transaction, before, changed, peak, now):
    """Use the clock as the time of a sample."""
    recorded = _record(transaction, before, changed, peak, now)
    if recorded.sample is None:
        return recorded
    totals = replace(recorded.totals, last_time=now)
    return replace(recorded, totals=totals, sample=replace(recorded.sample, time=now))


def record_while_adopting(transaction, before, changed, peak, now):
    """Raise the peak without waiting for the baseline."""
    recorded = _record(transaction, before, changed, peak, now)
    totals = recorded.totals
    if totals is None or totals.state is State.LIVE or (peak and peak.size >= totals.size):
        return recorded
    return replace(recorded, peak=Peak(totals.size, transaction.bucket, now))


def moved_as_if_live(totals, changed):
    """Count the objects that an adoption finds as created."""
    moved = _moved(replace(totals, state=State.LIVE), changed)
    return replace(moved, state=totals.state)


def record_without_maximum(transaction, before, changed, peak, now):
    """Leave the bucket's maximum as it is."""
    recorded = _record(transaction, before, changed, peak, now)
    if recorded.sample is None:
        return recorded
    return replace(recorded, totals=replace(recorded.totals, max_size=transaction.totals.max_size))


def delta_per_key(changed):
    """Write a prefix row once for each of its keys."""
    return tuple(delta for look in changed for delta in _prefix_deltas([look]))


def committed_stubbornly(state: Commit, outcome: Outcome) -> ChunkState:
    """Write the same again when totals moved."""
    return state if outcome is Outcome.TOTALS_MOVED else _committed(state, outcome)
