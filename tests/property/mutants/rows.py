"""Wrong ways to observe, to write rows and to acknowledge. Each replaces one function of the product or of the tables."""

import json
from dataclasses import dataclass, replace

from size_tracking import track_plan
from size_tracking.batch import Batch
from size_tracking.events import Hint, parse
from size_tracking.track_plan import ChunkState, Commit, Done, Look, Observe, ReadRows, ReadTotals
from size_tracking.tracker import Tracker
from size_tracking.values import ABSENT, Observation, Outcome, RowWrite, Transaction
from tests.property.model import books
from tests.property.model.books import Row
from tests.property.model.tape import TapeObserver

_committed = track_plan.committed
_observed = track_plan.observed
_totals_read = track_plan.totals_read
_step = Tracker.step
_row_written = books.row_written
_observe = TapeObserver.observe


def rewrite_rows(rewrite):
    """Return a `totals_read` whose commit has the row writes that `rewrite(state, writes)` returns."""

    def totals_read(state, totals, peak, now):
        next_state = _totals_read(state, totals, peak, now)
        if not isinstance(next_state, Commit):
            return next_state
        rows = tuple(rewrite(state, next_state.transaction.rows))
        return replace(next_state, transaction=replace(next_state.transaction, rows=rows)) if rows else Done()

    return totals_read


def keep_rows(keep):
    """Return a `totals_read` that writes only the rows whose looks are kept."""
    return rewrite_rows(
        lambda state, writes: [
            write
            for write, look in zip(writes, state.looks, strict=True)
            if keep(look.changed, look.seen.present, any(other.changed for other in state.looks))
        ]
    )


nothing_unchanged = keep_rows(lambda changed, _present, _mixed: changed)
nothing_unchanged_in_a_mixed_chunk = keep_rows(lambda changed, _present, mixed: changed or not mixed)
nothing_unchanged_if_present = keep_rows(lambda changed, present, _mixed: changed or not present)


@dataclass(frozen=True, slots=True)
class Reread(ReadRows):
    """Read the rows' revisions again and keep the older observations."""

    seen: tuple[tuple[str, Observation], ...]


def reread(bucket: str, looks: tuple[Look, ...]) -> Reread:
    return Reread(bucket, tuple(look.key for look in looks), tuple((look.key, look.seen) for look in looks))


def step_rereading(self: Tracker, state: ChunkState, errors) -> ChunkState:
    next_state = _step(self, state, errors)
    return _observed(next_state, dict(state.seen)) if isinstance(state, Reread) else next_state


def step_looking_first(self: Tracker, state: ChunkState, errors) -> ChunkState:
    if type(state) is not ReadRows:
        return step_rereading(self, state, errors)
    unread = tuple((key, track_plan.ObjectRow()) for key in state.keys)
    looked = _step(self, Observe(state.bucket, unread), errors)
    return reread(state.bucket, looked.looks) if isinstance(looked, ReadTotals) else looked


def committed_keeping_looks(state: Commit, outcome: Outcome) -> ChunkState:
    if outcome is Outcome.ROW_MOVED:
        return reread(state.transaction.bucket, state.looks)
    return _committed(state, outcome)


def observed_then_reread(state: Observe, seen) -> ChunkState:
    next_state = _observed(state, seen)
    return reread(state.bucket, next_state.looks) if isinstance(next_state, ReadTotals) else next_state


@dataclass(frozen=True, slots=True)
class SeenWrite(RowWrite):
    """A write that is conditional on the row's observation instead of its revision."""

    read: Observation


totals_read_for_seen = rewrite_rows(
    lambda state, writes: [
        SeenWrite(write.key, write.read_revision, write.revision, write.seen, look.row.seen)
        for write, look in zip(writes, state.looks, strict=True)
    ]
)


def row_has_the_same_observation(stored: Row, write: SeenWrite) -> bool:
    return (stored.row.seen if stored.row else ABSENT) == write.read


def committed_giving_way(state: Commit, outcome: Outcome) -> ChunkState:
    return Done() if outcome is Outcome.ROW_MOVED else _committed(state, outcome)


class SkippingBatch(Batch):
    """Acknowledges an event unseen if its key was committed after it."""

    def handle(self, records, *, remaining_ms):
        left = [record for record in records if not self._committed_since(record)]
        return super().handle(left, remaining_ms=remaining_ms)

    def _committed_since(self, record) -> bool:
        hint = parse(record["body"])
        if not isinstance(hint, Hint):
            return False
        try:
            rows, _ = self.reconciler.ledger.rows(hint.bucket, [hint.key])
        except Exception:  # noqa: BLE001  # an event whose row cannot be read is not skipped
            return False
        return hint.key in rows and rows[hint.key].revision > json.loads(record["body"])["sent"]


def sent_after_the_last_commit(row: Row) -> int:
    return row.ever


def row_deleted_if_absent(stored: Row, write: RowWrite) -> Row:
    row = _row_written(stored, write)
    return row if write.seen.present else row._replace(row=None, expires=False)


def row_still_expiring(stored: Row, write: RowWrite) -> Row:
    row = _row_written(stored, write)
    return row._replace(expires=row.expires or stored.expires)


totals_read_counting_from_zero = rewrite_rows(
    lambda _, writes: [replace(write, revision=write.read_revision + 1) for write in writes]
)


def expire_at_any_time(row: Row, elders: bool) -> bool:
    return row.expires


def observed_without_totals(state: Observe, seen) -> ChunkState:
    next_state = _observed(state, seen)
    if not isinstance(next_state, ReadTotals) or any(look.changed for look in next_state.looks):
        return next_state
    rows = tuple(
        RowWrite(look.key, look.row.revision, look.row.revision + 1, look.seen) for look in next_state.looks
    )
    return Commit(next_state.looks, Transaction(state.bucket, rows))


def observe_forgetting_failures(self, bucket, keys):
    seen, _ = _observe(self, bucket, keys)
    return seen, {}
