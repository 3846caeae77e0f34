"""The wrong variants of rollups; all must die. The first thirteen are those that were known before rollups were written."""

from plotting import ranges
from tests.property.configurations import TWO, rolled, upgraded
from tests.property.model import invariants as holds
from tests.property.model.messages import read, recompute, request
from tests.property.model.tape import TapeLedger
from tests.property.mutants import rollups, sums
from tests.property.mutants.mutant import Mutant, plan, replaced, run_plan

AHEAD = {"skews": 1, "ahead": 3}
"""A clock that is ahead by more than a minute."""
ASKED = {"messages": (recompute("one"),)}
READ = {"messages": (read("one", 0, 99),)}


def world(operations: int, **more):
    """Return a live bucket whose samples are in short intervals."""
    return rolled("", operations, **more)


def unmade(operations: int, **more):
    """Return a live bucket of version 0.1, and the request to make its rollups."""
    return upgraded("", operations, **more)


ROLLED = (
    Mutant(
        "interval of the clock, not of the sample's time",
        world(2),
        holds.ROLLUPS,
        plan(_record=rollups.record_by_the_clock),
    ),
    Mutant(
        "closed row put after the transaction",
        world(2, crashes=1),
        holds.ROLLUPS,
        plan(**sums.later("rollups")),
        at_rest=True,
    ),
    Mutant(
        "closed row put before the transaction",
        world(3, **AHEAD),
        holds.ROLLUPS,
        plan(
            totals_read=rollups.totals_read_putting_rollups_first,
            committed=rollups.committed_after_rollups,
        ),
        at_rest=True,
    ),
    Mutant(
        "totals moved: closed row of the first plan kept",
        world(2, keys=TWO, **AHEAD),
        holds.ROLLUPS,
        plan(totals_read=rollups.totals_read_keeping_rollups, committed=rollups.committed_keeping_rollups),
    ),
    Mutant(
        "baseline not entered into the open intervals",
        world(0, live=False, in_s3=(1,), messages=(request("one"),)),
        holds.ROLLUPS,
        run_plan(go_live=rollups.go_live_without_the_baseline),
    ),
    Mutant(
        "intervals closed by the clock on a schedule",
        world(1, **AHEAD, **ASKED),
        holds.ROLLUPS,
        parts={"recomputer": rollups.ClosesByTheClock},
        at_rest=True,
    ),
    Mutant(
        "made anew: closed by the clock",
        world(2, messages=(recompute("one", 2),), **AHEAD),
        holds.ROLLUPS,
        parts={"recomputer": rollups.MadeByTheClock},
    ),
    Mutant(
        "made anew: samples read before the totals",
        world(2, **ASKED),
        holds.ROLLUPS,
        parts={"recomputer": rollups.SamplesFirst},
    ),
    Mutant(
        "made anew: samples read eventually consistent",
        world(2, stale=1, **ASKED),
        holds.ROLLUPS,
        replaced(TapeLedger)(_page=rollups.stale_page),
    ),
    Mutant(
        "made anew: the open interval too",
        world(2, **ASKED),
        holds.ROLLUPS,
        parts={"recomputer": rollups.OpenOnesToo},
    ),
    Mutant("read: rows, then totals", world(2, **READ), holds.READ, parts={"batch": rollups.RowsFirst}),
    Mutant(
        "read: totals, then all rows",
        world(2, **READ),
        holds.READ,
        replaced(ranges)(cover=rollups.cover_with_all_rows),
    ),
    Mutant(
        "version 0.1 beside this one: intervals opened anew",
        world(2, olds=1),
        holds.ROLLUPS,
        plan(_record=rollups.record_opening_anew),
    ),
    Mutant(
        "made anew: a row of an interval that is still open",
        world(0, **ASKED),
        holds.EARLY,
        parts={"recomputer": rollups.OpenOnesToo},
    ),
    Mutant(
        "made anew: a message ends within a minute",
        unmade(0, sample_page=1, times=(1, 2, 3, 4)),
        holds.ROLLUPS,
        parts={"recomputer": rollups.EndsWithinAMinute},
    ),
    Mutant(
        "made anew: the open intervals put first",
        unmade(0),
        holds.ROLLUPS,
        parts={"recomputer": rollups.OpenFirst},
    ),
)
