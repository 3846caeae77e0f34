"""Variants that are as correct as the product: they must live."""

from dataclasses import dataclass, replace

from size_tracking import reconcile_plan, track_plan
from size_tracking.reconcile_plan import PutRun
from size_tracking.reconciler import MAX_PAGE_KEYS, Reconciler
from size_tracking.track_plan import ChunkState, Commit, Done, Look, Observe, ReadRows, ReadTotals
from size_tracking.values import Outcome, RowWrite, Transaction
from tests.property.configurations import PAGES, TWO
from tests.property.model.tape import TapeLedger
from tests.property.mutants import watch
from tests.property.mutants.mutant import Mutant, adopting, events, out, plan, replaced, run_plan

_begin = reconcile_plan.begin
_committed = track_plan.committed
_observed = track_plan.observed
_totals_read = track_plan.totals_read


class RowsBeforeListing(Reconciler):
    """Reads the rows first, then lists."""

    def _compare(self, step, state, run, deadline):
        rows = list(self._recorded(step.bucket, run.cursor, None))
        page = self.observer.page(step.bucket, run.cursor, run.page_size)
        until = page.objects[-1][0] if page.more else None
        recorded = [row for row in rows if until is None or row[0] <= until]
        comparison = reconcile_plan.compare(page.objects, recorded, until=until, limit=MAX_PAGE_KEYS)
        comparison, healed = self._heal(step.bucket, comparison, deadline)
        return reconcile_plan.compared(state, comparison, healed=healed.tracked.changed, now=self.clock.now())


# --- unchanged rows moved outside the transaction, one by one; only the keys that failed are repeated ---


@dataclass(frozen=True, slots=True)
class Bump(Commit):
    """The write of one unchanged row. The other unchanged rows, the changed keys and the failed keys follow."""

    unchanged: tuple[Look, ...]
    changed: tuple[Look, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadTotalsOfChanged(ReadTotals):
    """Read the totals for the changed keys."""

    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommitOfChanged(Commit):
    """Commit the changed keys."""

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
    next_state = _observed(state, seen)
    if isinstance(next_state, Done):
        return next_state
    unchanged = tuple(look for look in next_state.looks if not look.changed)
    changed = tuple(look for look in next_state.looks if look.changed)
    return next_bump(state.bucket, unchanged, changed, ())


def totals_read_apart(state: ReadTotals, totals, peak, now) -> ChunkState:
    next_state = _totals_read(state, totals, peak, now)
    return CommitOfChanged(next_state.looks, next_state.transaction, state.failed)


def committed_apart(state: Commit, outcome: Outcome) -> ChunkState:
    bucket = state.transaction.bucket
    if isinstance(state, Bump):
        moved = () if outcome is Outcome.COMMITTED else (state.looks[0].key,)
        return next_bump(bucket, state.unchanged, state.changed, state.failed + moved)
    next_state = _committed(state, outcome)
    if isinstance(next_state, ReadTotals):
        return ReadTotalsOfChanged(bucket, state.looks, state.failed)
    if isinstance(next_state, ReadRows):
        return replace(next_state, keys=next_state.keys + state.failed)
    return ReadRows(bucket, state.failed) if state.failed else next_state


# --- a run on its first page begins anew instead of making another pass ---


def begin_anew(run, *, run_id, page_size, now, settled=False, again=True):
    """Move the revision of a run on its first page, so that a step under way has to compare that page again."""
    new = _begin(run, run_id=run_id, page_size=page_size, now=now, settled=settled, again=again)
    first = run is not None and run.ended is None and not run.cursor and not run.again
    if isinstance(new, PutRun) and new.run.again and first:
        return PutRun(replace(run, started=now, revision=run.revision + 1))
    return new


ALLOWED = (
    Mutant(
        "rows, totals and peak read eventually consistent",
        events(2, TWO, batch=2, stale=2, split_totals=True),
    ),
    Mutant("the same while adopting", adopting(1, stale=2)),
    Mutant(
        "the bucket's row read eventually consistent by the watch",
        out(1, checks=2, stale=1),
        patches=replaced(TapeLedger)(sources=watch.stale_sources),
    ),
    Mutant(
        "a request has a run on its first page begin anew instead of making another pass",
        out(1, duplicates=1, **PAGES),
        patches=run_plan(begin=begin_anew),
    ),
    Mutant(
        "the same under two handlers",
        out(1, handlers=2),
        patches=run_plan(begin=begin_anew),
    ),
    Mutant("the listing read after the rows", adopting(1, TWO), parts={"reconciler": RowsBeforeListing}),
    Mutant(
        "unchanged rows moved outside the transaction, only the keys that failed repeated",
        events(2, TWO, batch=2, duplicates=2),
        patches=plan(observed=observed_apart, totals_read=totals_read_apart, committed=committed_apart),
    ),
)
