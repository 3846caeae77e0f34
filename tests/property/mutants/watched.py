"""The wrong variants of the watch and of the pass that is made again; all must die.

The first nine are those that were known before the watch was written.
"""

from size_tracking import watch_plan
from tests.property.configurations import ONE, PAGES, first_minutes
from tests.property.model import invariants as holds
from tests.property.model.tape import TapeLedger, TapeSteps
from tests.property.mutants import watch
from tests.property.mutants.known import stored
from tests.property.mutants.mutant import Mutant, adopting, drifted, out, replaced, run_plan

checks = replaced(watch_plan)
sending = replaced(TapeSteps)
ledger = replaced(TapeLedger)

HEARD_AT_ONCE = checks(checked=watch.checked_live, heard_again=watch.heard_again_if_due)

WATCHED = (
    Mutant(
        "heard again: recorded as heard, then requested",
        out(1, crashes=1),
        holds.LISTING,
        HEARD_AT_ONCE,
        {"watcher": watch.RecordsFirst},
    ),
    Mutant(
        "heard again: only the run at once",
        out(1),
        holds.LISTING,
        checks(_due=watch.due_at_once) + sending(send=watch.only_at_once),
    ),
    Mutant(
        "a request is swallowed by a run that goes on",
        out(1, **PAGES),
        holds.LISTING,
        run_plan(begin=watch.begin_swallowing),
    ),
    Mutant("heard again: recorded as heard", out(1), holds.HIDDEN, HEARD_AT_ONCE),
    Mutant(
        "the event path is looked at before the row is read",
        out(0, handlers=2, checks=2, deaf=False),
        holds.HEARS,
        parts={"watcher": watch.LooksFirst},
    ),
    Mutant(
        "the row is put without its condition",
        out(0, handlers=2, checks=2, deaf=False),
        holds.HEARS,
        stored(source_stands=lambda stored, source: True),
    ),
    Mutant(
        "still deaf: not written",
        out(0, handlers=2, switches=2, checks=2, in_s3=(None,)),
        holds.HEARS,
        parts={"watcher": watch.KeepsDeaf},
    ),
    Mutant(
        "recovering: recorded, then requested",
        out(1, crashes=1),
        holds.RECOVERS,
        parts={"watcher": watch.RecordsFirst},
    ),
    Mutant(
        "the delayed request may arrive at once",
        out(1),
        holds.RECOVERS,
        sending(send=watch.never_delayed),
    ),
    Mutant("the second run is not asked for", out(1), holds.RECOVERS, sending(send=watch.only_at_once)),
    Mutant(
        "adoption: the second run is not asked for",
        first_minutes("", ONE, 1),
        holds.LISTING,
        sending(send=watch.only_at_once),
    ),
    Mutant(
        "adoption: the step sent before the request for the second run",
        first_minutes("", ONE, 1, in_s3=(None,), crashes=1),
        holds.LISTING,
        parts={"run_starter": watch.SecondRequestLast},
    ),
    Mutant("any run ends a recovery", out(1), holds.HIDDEN, run_plan(_heard=watch.heard_whenever)),
    Mutant(
        "every check puts the end of a recovery off",
        out(0, pauses=1, checks=2),
        holds.RECOVERS,
        checks(_due=watch.due_ever_later, heard_again=watch.heard_again_once),
    ),
    Mutant(
        "a recovery is measured by the begin of the pass that follows",
        out(1, **PAGES),
        holds.HIDDEN,
        run_plan(compared=watch.compared_by_the_next_begin),
    ),
    Mutant(
        "the next pass keeps the begin of the run",
        out(1, **PAGES),
        holds.RECOVERS,
        run_plan(_next_pass=watch.next_pass_as_old),
    ),
    Mutant(
        "the next pass counts as sent",
        out(1, crashes=1, **PAGES),
        holds.LIVE,
        run_plan(_next_pass=watch.next_pass_announced),
    ),
    Mutant(
        "another pass is forgotten with the next page",
        out(1, **PAGES),
        holds.RECOVERS,
        run_plan(compared=watch.compared_forgetting),
    ),
    Mutant(
        "another pass is asked for without pushing the run on",
        adopting(0, crashes=1),
        holds.LIVE,
        parts={"run_starter": watch.SetsAgainOnly},
    ),
    Mutant(
        "a run is pushed on, then asked for another pass",
        out(1, handlers=2, **PAGES),
        holds.LISTING,
        parts={"run_starter": watch.SetsAgainLast},
    ),
    Mutant(
        "a stale run is replaced by one that continues where it stopped",
        out(1, delays=1, **PAGES),
        holds.LISTING,
        run_plan(begin=watch.begin_keeping_the_place),
    ),
    Mutant(
        "the end of a run puts the row without its condition",
        out(0, handlers=2, switches=2, checks=2, in_s3=(None,)),
        holds.HEARS,
        run_plan(_heard=watch.heard_blindly) + stored(source_stands=watch.source_stands_or_blind),
    ),
    Mutant(
        "the run is read eventually consistent",
        drifted(stale=1),
        holds.LIVE,
        ledger(run=watch.stale_run),
    ),
)
