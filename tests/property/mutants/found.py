"""Wrong variants found since; all must die.

The first three were the product's own until this model found them.
"""

from size_tracking import reconcile_plan, track_plan
from tests.property.configurations import SAME_PREFIX, SAME_SHARD, TWO
from tests.property.model import invariants as holds
from tests.property.mutants import runs, sums
from tests.property.mutants.mutant import Mutant, adopting, drifted, events

FOUND = (
    Mutant(
        "a step that could not move the run is acknowledged",
        adopting(0, TWO, lost=1),
        holds.LIVE,
        ((reconcile_plan, "advanced", runs.advanced_giving_way),),
    ),
    Mutant(
        "a step that could not end the run is acknowledged",
        adopting(0, TWO),
        holds.LIVE,
        ((reconcile_plan, "ended", runs.ended_giving_way),),
    ),
    Mutant(
        "an event begins a run though there are totals by now",
        adopting(1, crashes=1),
        holds.LIVE,
        parts={"run_starter": runs.AlwaysBegins},
    ),
    Mutant(
        "a step said to be sent before it is sent",
        adopting(0, TWO, crashes=1),
        holds.LIVE,
        parts={"reconciler": runs.SaysBeforeSending},
    ),
    Mutant(
        "a step that comes back after it moved the run does nothing",
        adopting(0, TWO, crashes=1),
        holds.LIVE,
        ((reconcile_plan, "run_checked", runs.run_checked_without_the_step_before),),
    ),
    Mutant(
        "the next step sent before the run is moved",
        adopting(0, TWO),
        holds.LIVE,
        parts={"reconciler": runs.SendsBeforeMoving},
    ),
    Mutant(
        "the first step sent before the run is put",
        adopting(0),
        holds.LIVE,
        parts={"run_starter": runs.StepFirst},
    ),
    Mutant(
        "a run that goes on is not pushed on",
        adopting(0, crashes=1),
        holds.LIVE,
        parts={"run_starter": runs.NeverPushes},
    ),
    Mutant(
        "the run ended before the bucket goes live",
        adopting(0, crashes=1),
        holds.LIVE,
        parts={"reconciler": runs.EndsBeforeGoingLive},
    ),
    Mutant(
        "keys of a page that failed are passed over",
        drifted(unanswered=1),
        holds.LISTING,
        parts={"reconciler": runs.PassesOver},
    ),
    Mutant(
        "a page left in the middle counts as compared",
        drifted(late=1, chunk=1),
        holds.LISTING,
        ((reconcile_plan.Comparison, "cut", runs.whole),),
    ),
    Mutant(
        "rows that nobody lists are not compared",
        drifted(),
        holds.LISTING,
        parts={"reconciler": runs.ListedOnly},
    ),
    Mutant(
        "rows that were not read are compared as if there were none",
        drifted(keys=SAME_SHARD, short=1),
        holds.LISTING,
        parts={"reconciler": runs.IgnoresUnread},
    ),
    Mutant(
        "totals moved: the same written again",
        events(2, TWO),
        holds.ENDS,
        ((track_plan, "committed", sums.committed_stubbornly),),
    ),
    Mutant(
        "a prefix row written once for each of its keys",
        events(2, SAME_PREFIX, batch=2),
        holds.LIMITS,
        ((track_plan, "_prefix_deltas", sums.delta_per_key),),
    ),
    Mutant(
        "what an adoption finds counted as created",
        adopting(0),
        holds.COUNTERS,
        ((track_plan, "_moved", sums.moved_as_if_live),),
    ),
    Mutant(
        "a bucket's maximum not raised",
        events(1),
        holds.MAXIMUM,
        ((track_plan, "_record", sums.record_without_maximum),),
    ),
)
