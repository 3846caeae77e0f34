"""Wrong variants found since; all must die. The first three were in the product until this model found them."""

from size_tracking.reconcile_plan import Comparison
from tests.property.configurations import SAME_PREFIX, SAME_SHARD, TWO
from tests.property.model import invariants as holds
from tests.property.mutants import runs, sums
from tests.property.mutants.mutant import Mutant, adopting, drifted, events, plan, replaced, run_plan


def replacing(name: str, world, **parts: type) -> Mutant:
    """Return a mutant that replaces parts of the product and so leaves the bucket adopting or its run open."""
    return Mutant(name, world, holds.LIVE, parts=parts)


FOUND = (
    Mutant(
        "a step that could not move the run is acknowledged",
        adopting(0, TWO, lost=1),
        holds.LIVE,
        run_plan(advanced=runs.advanced_giving_way),
    ),
    Mutant(
        "a step that could not end the run is acknowledged",
        adopting(0, TWO),
        holds.LIVE,
        run_plan(ended=runs.ended_giving_way),
    ),
    replacing(
        "an event begins a run although there are totals by now",
        adopting(1, crashes=1),
        run_starter=runs.AlwaysBegins,
    ),
    replacing(
        "a step announced before it is sent",
        adopting(0, TWO, crashes=1),
        reconciler=runs.AnnouncesBeforeSending,
    ),
    Mutant(
        "a step that comes back after it moved the run does nothing",
        adopting(0, TWO, crashes=1),
        holds.LIVE,
        run_plan(run_checked=runs.run_checked_without_the_step_before),
    ),
    replacing(
        "the next step sent before the run is moved", adopting(0, TWO), reconciler=runs.SendsBeforeMoving
    ),
    replacing("the first step sent before the run is put", adopting(0), run_starter=runs.StepFirst),
    replacing("a run that goes on is not pushed on", adopting(0, crashes=1), run_starter=runs.NeverPushes),
    replacing(
        "the run ended before the bucket goes live",
        adopting(0, crashes=1),
        reconciler=runs.EndsBeforeGoingLive,
    ),
    Mutant(
        "keys of a page that failed are skipped",
        drifted(unanswered=1),
        holds.LISTING,
        parts={"reconciler": runs.SkipsFailures},
    ),
    Mutant(
        "a page left in the middle counts as compared",
        drifted(late=1, room=2),
        holds.LISTING,
        replaced(Comparison)(cut=runs.whole),
    ),
    Mutant(
        "rows without a listed object are not compared",
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
        plan(committed=sums.committed_stubbornly),
    ),
    Mutant(
        "a prefix row written once for each of its keys",
        events(2, SAME_PREFIX, batch=2),
        holds.LIMITS,
        plan(_prefix_deltas=sums.delta_per_key),
    ),
    Mutant(
        "objects found by an adoption counted as created",
        adopting(0),
        holds.COUNTERS,
        plan(_moved=sums.moved_as_if_live),
    ),
    Mutant(
        "a bucket's maximum not raised", events(1), holds.MAXIMUM, plan(_record=sums.record_without_maximum)
    ),
)
