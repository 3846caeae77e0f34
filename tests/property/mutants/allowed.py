"""Variants that are as good as the product: they must survive."""

from dataclasses import dataclass, replace

from size_tracking import accounting, reconciling
from size_tracking.accounting import ChunkState, Commit, Done, Look, Observe, ReadRows, ReadTotals
from size_tracking.reconciler import LARGEST_PAGE, Reconciler
from size_tracking.values import Outcome, RowWrite, Transaction
from tests.property.configurations import TWO
from tests.property.mutants.mutant import Mutant, adopting, events

_committed = accounting.committed
_observed = accounting.observed
_totals_read = accounting.totals_read


class RowsBeforeListing(Reconciler):
    """Reads the rows first, then lists."""

    def _compare(self, step, state, run, deadline):
        rows = list(self._recorded(step.bucket, run.cursor, None))
        page = self.observer.page(step.bucket, run.cursor, run.page_size)
        until = page.objects[-1][0] if page.more else None
        recorded = [row for row in rows if until is None or row[0] <= until]
        comparison = reconciling.compare(page.objects, recorded, until=until, limit=LARGEST_PAGE)
        comparison, tracked = self._heal(step.bucket, comparison, deadline)
        now = self.clock.now()
        return reconciling.compared(
            state, comparison, healed=tracked.changed, drift=tracked.bytes_moved, now=now
        )


# --- unchanged rows moved outside the transaction, one by one; only the keys that failed are done again ---


@dataclass(frozen=True, slots=True)
class Bump(Commit):
    """One unchanged row's own write; then the others, then the changed keys, then those that failed."""

    unchanged: tuple[Look, ...]
    changed: tuple[Look, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadTotalsOfChanged(ReadTotals):
    """The changed keys' turn."""

    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommitOfChanged(Commit):
    """The changed keys' transaction."""

    failed: tuple[str, ...]


def next_bump(
    bucket: str, unchanged: tuple[Look, ...], changed: tuple[Look, ...], failed: tuple[str, ...]
) -> ChunkState:
    if unchanged:
        look, *others = unchanged
        write = RowWrite(look.key, look.row.revision, look.row.revision + 1, look.seen)
        return Bump((look,), Transaction(bucket, (write,)), tuple(others), changed, failed)
    if changed:
        return ReadTotalsOfChanged(bucket, changed, failed)
    return ReadRows(bucket, failed) if failed else Done()


def observed_apart(state: Observe, seen) -> ChunkState:
    following = _observed(state, seen)
    if isinstance(following, Done):
        return following
    unchanged = tuple(look for look in following.looks if not look.changed)
    changed = tuple(look for look in following.looks if look.changed)
    return next_bump(state.bucket, unchanged, changed, ())


def totals_read_apart(state: ReadTotals, totals, peak, now) -> ChunkState:
    following = _totals_read(state, totals, peak, now)
    return CommitOfChanged(following.looks, following.transaction, state.failed)


def committed_apart(state: Commit, outcome: Outcome) -> ChunkState:
    bucket = state.transaction.bucket
    if isinstance(state, Bump):
        moved = () if outcome is Outcome.COMMITTED else (state.looks[0].key,)
        return next_bump(bucket, state.unchanged, state.changed, state.failed + moved)
    following = _committed(state, outcome)
    if isinstance(following, ReadTotals):
        return ReadTotalsOfChanged(bucket, state.looks, state.failed)
    if isinstance(following, ReadRows):
        return replace(following, keys=following.keys + state.failed)
    return ReadRows(bucket, state.failed) if state.failed else following


ALLOWED = (
    Mutant(
        "rows, totals and peak read eventually consistent",
        events(2, TWO, batch=2, stale=2, split_totals=True),
    ),
    Mutant("the same while adopting", adopting(1, stale=2)),
    Mutant(
        "the listing read after the rows",
        adopting(1, TWO),
        parts={"reconciler": RowsBeforeListing},
    ),
    Mutant(
        "unchanged rows moved outside the transaction, only the keys that failed done again",
        events(2, TWO, batch=2, duplicates=2),
        patches=(
            (accounting, "observed", observed_apart),
            (accounting, "totals_read", totals_read_apart),
            (accounting, "committed", committed_apart),
        ),
    ),
)
