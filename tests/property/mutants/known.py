"""The wrong variants of the accounting that were known before the product was written; all must die."""

from tests.property.configurations import BUCKETS, TWO
from tests.property.model import books, world
from tests.property.model import invariants as holds
from tests.property.model.handlers import Handlers
from tests.property.model.tape import TapeObserver
from tests.property.mutants import rows, runs, sums
from tests.property.mutants.mutant import Mutant, adopting, events, plan, replaced, run_plan, tracker

stored = replaced(books)
modelled = replaced(world)
observer = replaced(TapeObserver)
handlers = replaced(Handlers)

BOTH = {"batch": 2, "keys": TWO}
UNKNOWN = {"in_s3": (None,), "messages": ()}
"""An empty bucket that only its events make known."""
LISTING = {"tracker": runs.ListingTracker, "reconciler": runs.ListingReconciler}

KNOWN = (
    Mutant("nothing changed: no write", events(2), holds.LISTING, plan(totals_read=rows.nothing_unchanged)),
    Mutant(
        "nothing changed: no write, inside a mixed chunk",
        events(3, **BOTH),
        holds.LISTING,
        plan(totals_read=rows.nothing_unchanged_in_a_mixed_chunk),
    ),
    Mutant(
        "nothing changed: no write if the object is present",
        events(2, in_s3=(1,)),
        holds.LISTING,
        plan(totals_read=rows.nothing_unchanged_if_present),
    ),
    Mutant(
        "HEAD before the revision is read", events(2), holds.LISTING, tracker(step=rows.step_looking_first)
    ),
    Mutant(
        "a row moved: revision read again, old HEAD kept",
        events(2),
        holds.LISTING,
        tracker(step=rows.step_rereading) + plan(committed=rows.committed_keeping_looks),
    ),
    Mutant(
        "revisions read again with the totals",
        events(2),
        holds.LISTING,
        tracker(step=rows.step_rereading) + plan(observed=rows.observed_then_reread),
    ),
    Mutant(
        "condition on the row's observation instead of its revision",
        events(2),
        holds.LISTING,
        plan(totals_read=rows.totals_read_for_seen) + stored(row_stands=rows.row_has_the_same_observation),
    ),
    Mutant(
        "event dropped when a condition fails",
        events(2),
        holds.LISTING,
        plan(committed=rows.committed_giving_way),
    ),
    Mutant(
        "event skipped if the row was committed after it",
        events(2),
        holds.LISTING,
        modelled(sent_at=rows.sent_after_the_last_commit),
        {"batch": rows.SkippingBatch},
    ),
    Mutant("row deleted on 404", events(3), holds.LISTING, stored(row_written=rows.row_deleted_if_absent)),
    Mutant(
        "tombstone expires and the revision starts again",
        events(3, expiries=1),
        holds.LISTING,
        plan(totals_read=rows.totals_read_counting_from_zero),
    ),
    Mutant(
        "tombstone expires within a handler's life",
        events(2, expiries=1),
        holds.LISTING,
        modelled(may_expire=rows.expire_at_any_time),
    ),
    Mutant(
        "a live put keeps the tombstone's expiry",
        events(2, expiries=1, in_s3=(1,)),
        holds.LISTING,
        stored(row_written=rows.row_still_expiring),
    ),
    Mutant("deltas applied blindly", events(1, duplicates=1), holds.SUMS, stored(row_stands=sums.always)),
    Mutant(
        "totals by ADD, sample from the read totals",
        events(2, keys=TWO),
        holds.SAMPLE_SUM,
        stored(totals_stand=sums.always, totals_written=sums.totals_added),
    ),
    Mutant(
        "totals put without a condition on their revision",
        events(2, keys=TWO),
        holds.SUMS,
        stored(totals_stand=sums.always),
    ),
    Mutant(
        "sample written after the transaction",
        events(1, crashes=1),
        holds.SAMPLED,
        plan(**sums.later("sample")),
        at_rest=True,
    ),
    Mutant(
        "peak written after the transaction",
        events(1, crashes=1),
        holds.PEAK,
        plan(**sums.later("peak")),
        at_rest=True,
    ),
    Mutant(
        "peak put without `size < new`",
        events(2, keys=BUCKETS),
        holds.PEAK,
        stored(peak_is_lower=sums.always),
    ),
    Mutant("time = now", events(2), holds.TIMES, plan(_record=sums.record_now)),
    Mutant(
        "a failed key missing from batchItemFailures",
        events(1, unanswered=1),
        holds.LISTING,
        observer(observe=rows.observe_forgetting_failures),
    ),
    Mutant(
        "totals created unconditionally",
        adopting(1, tracked=True),
        holds.SUMS,
        stored(totals_may_be_created=sums.always),
    ),
    Mutant(
        "totals created before page 0 is sent",
        adopting(1, crashes=1, **UNKNOWN),
        holds.LIVE,
        parts={"run_starter": runs.TotalsFirst},
    ),
    Mutant(
        "a step acknowledged before the next is sent",
        adopting(0, TWO, crashes=1),
        holds.LIVE,
        handlers(messages=runs.acknowledged_before_sending),
    ),
    Mutant(
        "nothing changed: totals not read",
        adopting(2, **UNKNOWN),
        holds.LIVE,
        plan(observed=rows.observed_without_totals),
    ),
    Mutant(
        "going live without a condition on the totals",
        adopting(1),
        holds.SAMPLE_SUM,
        stored(totals_stand=runs.going_live_stands),
    ),
    Mutant(
        "going live without moving the totals' revision",
        adopting(1),
        holds.SAMPLED,
        stored(totals_written=runs.going_live_unnoticed),
        at_rest=True,
    ),
    Mutant(
        "the baseline does not raise the peak",
        adopting(0, TWO),
        holds.PEAK,
        run_plan(go_live=runs.go_live_without_peak),
    ),
    Mutant(
        "peak raised while adopting", adopting(0, TWO), holds.PEAK, plan(_record=sums.record_while_adopting)
    ),
    Mutant(
        "the listing's sizes used as observations",
        adopting(1),
        holds.LISTING,
        tracker(step=rows.step_rereading),
        LISTING,
    ),
    Mutant(
        "the listing's sizes written without the row's condition",
        adopting(1),
        holds.SUMS,
        tracker(step=runs.step_marking_listed)
        + plan(totals_read=runs.totals_read_for_listed)
        + stored(row_stands=runs.row_stands_or_listed),
        LISTING,
    ),
)
