"""The wrong variants of the accounting that were known before the product was written; all must die."""

from size_tracking import reconcile_plan, track_plan
from size_tracking.tracker import Tracker
from tests.property.configurations import BUCKETS, TWO
from tests.property.model import books, world
from tests.property.model import invariants as holds
from tests.property.model.handlers import Handlers
from tests.property.model.tape import TapeObserver
from tests.property.mutants import rows, runs, sums
from tests.property.mutants.mutant import Mutant, adopting, events, totals_read

REREADING = (Tracker, "step", rows.step_rereading)
BOTH = {"batch": 2, "keys": TWO}

KNOWN = (
    Mutant(
        "nothing changed: no write", events(2), holds.LISTING, (totals_read(rows.keep_rows(rows.changed)),)
    ),
    Mutant(
        "nothing changed: no write, inside a mixed chunk",
        events(3, **BOTH),
        holds.LISTING,
        (totals_read(rows.keep_rows(rows.changed_or_alone_unchanged)),),
    ),
    Mutant(
        "nothing changed: no write, where the object is present",
        events(2, in_s3=(1,)),
        holds.LISTING,
        (totals_read(rows.keep_rows(rows.changed_or_absent)),),
    ),
    Mutant(
        "HEAD before the revision is read",
        events(2),
        holds.LISTING,
        ((Tracker, "step", rows.step_looking_first),),
    ),
    Mutant(
        "a row moved: revision read again, old HEAD kept",
        events(2),
        holds.LISTING,
        (REREADING, (track_plan, "committed", rows.committed_keeping_looks)),
    ),
    Mutant(
        "revisions read again with the totals",
        events(2),
        holds.LISTING,
        (REREADING, (track_plan, "observed", rows.observed_then_reread)),
    ),
    Mutant(
        "condition on what the row says instead of its revision",
        events(2),
        holds.LISTING,
        (totals_read(rows.totals_read_for_seen), (books, "row_stands", rows.row_says_the_same)),
    ),
    Mutant(
        "event dropped when a condition fails",
        events(2),
        holds.LISTING,
        ((track_plan, "committed", rows.committed_giving_way),),
    ),
    Mutant(
        "event skipped if the row was committed after it",
        events(2),
        holds.LISTING,
        ((world, "sent_at", rows.sent_after_the_last_commit),),
        {"batch": rows.SkippingBatch},
    ),
    Mutant(
        "row deleted on 404", events(3), holds.LISTING, ((books, "row_written", rows.row_deleted_if_absent),)
    ),
    Mutant(
        "tombstone expires and the revision starts again",
        events(3, expiries=1),
        holds.LISTING,
        (totals_read(rows.totals_read_counting_from_zero),),
    ),
    Mutant(
        "tombstone expires within a handler's life",
        events(2, expiries=1),
        holds.LISTING,
        ((world, "may_expire", rows.expire_at_any_time),),
    ),
    Mutant(
        "a live put keeps the tombstone's expiry",
        events(2, expiries=1, in_s3=(1,)),
        holds.LISTING,
        ((books, "row_written", rows.row_expiring_for_ever),),
    ),
    Mutant(
        "deltas applied blindly",
        events(1, duplicates=1),
        holds.SUMS,
        ((books, "row_stands", sums.always),),
    ),
    Mutant(
        "totals by ADD, sample of what was read",
        events(2, keys=TWO),
        holds.SAMPLE_SUM,
        ((books, "totals_stand", sums.always), (books, "totals_written", sums.totals_added)),
    ),
    Mutant(
        "totals set without a condition on their revision",
        events(2, keys=TWO),
        holds.SUMS,
        ((books, "totals_stand", sums.always),),
    ),
    Mutant(
        "sample written after the transaction",
        events(1, crashes=1),
        holds.SAMPLED,
        (totals_read(sums.sample_later[0]), (track_plan, "committed", sums.sample_later[1])),
        at_rest=True,
    ),
    Mutant(
        "peak written after the transaction",
        events(1, crashes=1),
        holds.PEAK,
        (totals_read(sums.peak_later[0]), (track_plan, "committed", sums.peak_later[1])),
        at_rest=True,
    ),
    Mutant(
        "peak put without `size < new`",
        events(2, keys=BUCKETS),
        holds.PEAK,
        ((books, "peak_is_lower", sums.always),),
    ),
    Mutant("time = now", events(2), holds.TIMES, ((track_plan, "_record", sums.record_now),)),
    Mutant(
        "a failed key missing from batchItemFailures",
        events(1, unanswered=1),
        holds.LISTING,
        ((TapeObserver, "observe", rows.observe_forgetting_failures),),
    ),
    Mutant(
        "totals created unconditionally",
        adopting(1),
        holds.SUMS,
        ((books, "totals_may_be_created", sums.always),),
    ),
    Mutant(
        "totals created before page 0 is sent",
        adopting(1, crashes=1, in_s3=(None,), messages=()),
        holds.LIVE,
        parts={"run_starter": runs.TotalsFirst},
    ),
    Mutant(
        "a step acknowledged before the next is sent",
        adopting(0, TWO, crashes=1),
        holds.LIVE,
        ((Handlers, "messages", runs.acknowledged_before_sending),),
    ),
    Mutant(
        "nothing changed: totals not read",
        adopting(2, in_s3=(None,), messages=()),
        holds.LIVE,
        ((track_plan, "observed", rows.observed_without_totals),),
    ),
    Mutant(
        "going live without a condition on the totals",
        adopting(1),
        holds.SAMPLE_SUM,
        ((books, "totals_stand", runs.going_live_stands),),
    ),
    Mutant(
        "going live without moving the totals' revision",
        adopting(1),
        holds.SAMPLED,
        ((books, "totals_written", runs.going_live_unnoticed),),
        at_rest=True,
    ),
    Mutant(
        "the baseline does not raise the peak",
        adopting(0, TWO),
        holds.PEAK,
        ((reconcile_plan, "go_live", runs.go_live_without_peak),),
    ),
    Mutant(
        "peak raised while adopting",
        adopting(0, TWO),
        holds.PEAK,
        ((track_plan, "_record", sums.record_while_adopting),),
    ),
    Mutant(
        "the listing's sizes taken for observations",
        adopting(1),
        holds.LISTING,
        (REREADING,),
        {"tracker": runs.ListingTracker, "reconciler": runs.ListingReconciler},
    ),
    Mutant(
        "the listing's sizes written without the row's condition",
        adopting(1),
        holds.SUMS,
        (
            (Tracker, "step", runs.step_marking_listed),
            totals_read(runs.totals_read_for_listed),
            (books, "row_stands", runs.row_stands_or_listed),
        ),
        {"tracker": runs.ListingTracker, "reconciler": runs.ListingReconciler},
    ),
)
