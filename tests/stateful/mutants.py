"""Wrong variants of the accounting that random histories must find: they patch the code that runs, adapters included.

`tests/property` explores every interleaving of small worlds around the pure code. Here the same mistakes are made in the
code itself, down to the conditions that DynamoDB receives, to prove that the histories would find them. Eight known
mutants are missing here. Random histories meet some of them too seldom (the peak put, or going live, without a condition)
or never (no process here outlives a tombstone); the others need more than a patch (the listing used as observations).
"""

import json
from collections.abc import Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from size_tracking import ledger, track_plan, transaction
from size_tracking.ledger import Ledger
from size_tracking.observer import Observer
from tests.property.model.exploration import Patch
from tests.property.mutants import rows, runs
from tests.property.mutants.known import KNOWN
from tests.property.mutants.mutant import plan, replaced
from tests.property.mutants.rolled import ROLLED
from tests.stateful import memory, world
from tests.stateful.memory import MemoryDynamoDB

_put_row = transaction.put_row
_put_totals = transaction.put_totals
_transact_items = transaction.transact_items
_observe = Observer.observe
_put = MemoryDynamoDB._put
_transact = Ledger._transact
_go_live = track_plan.go_live
_CONDITION = ("ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues")


@dataclass(frozen=True)
class Mutant:
    """A wrong variant: its name in tests/property/mutants, and the patches of the right code."""

    name: str
    patches: tuple[Patch, ...]
    seed: int = 1
    """With this seed it dies within some dozens of histories; with others it may take hundreds."""

    @contextmanager
    def applied(self):
        """Apply the patches for a while."""
        with ExitStack() as stack:
            for target, name, wrong in self.patches:
                stack.enter_context(mock.patch.object(target, name, wrong))
            yield


def unconditional(put):
    """Return a function that makes the same put without its condition."""

    def without_condition(*arguments):
        write = put(*arguments)
        return {"Put": {name: part for name, part in write["Put"].items() if name not in _CONDITION}}

    return without_condition


def put_row_with_its_observation(table, bucket, write, now):
    """Put a row on condition of its observation instead of its revision."""
    put = unconditional(_put_row)(table, bucket, write, now)["Put"]
    says = json.dumps([write.read.size, write.read.etag])
    return {"Put": put | {"ConditionExpression": f"says {says}"}}


class _SameObservation(Mapping[str, Any]):
    """The stand-in's conditions, and one on the observation of a row."""

    def __getitem__(self, condition):
        if not condition.startswith("says "):
            return memory_conditions[condition]
        read = json.loads(condition.removeprefix("says "))

        def holds(row, _):
            size = row and row.get("size")
            return read == ([int(size["N"]), row["etag"]["S"]] if size else [None, ""])

        return holds

    def __iter__(self):
        return iter(memory_conditions)

    def __len__(self):
        return len(memory_conditions)


memory_conditions = memory._CONDITIONS


def stored_without_tombstones(self, put):
    """Delete the row instead of putting that of an absent object."""
    _put(self, put)
    if "expiry" in put["Item"]:
        del self.tables[put["TableName"]][self._key_of(put)]


def stored_keeping_expiry(self, put):
    """Keep the expiry of an earlier tombstone."""
    before = self.tables[put["TableName"]].get(self._key_of(put), {})
    kept = {"expiry": before["expiry"]} if "expiry" in before else {}
    _put(self, {**put, "Item": {**kept, **put["Item"]}})


def transact_items_going_live_unnoticed(written, **names):
    """Go live without moving the revision of the totals."""
    if written.run and written.totals:
        unmoved = replace(written.totals, revision=written.totals.revision - 1)
        writes = _transact_items(replace(written, totals=unmoved), **names)
        put = next(write["Put"] for write in writes if write.get("Put", {}).get("Item", {}).get("state"))
        put |= transaction.if_revision(unmoved.revision)
        return writes
    return _transact_items(written, **names)


def observe_forgetting_failures(self, bucket, keys):
    """Forget the keys that S3 did not answer for."""
    return _observe(self, bucket, keys)[0], {}


def transact_creating_always(self, writes, *, own):
    """Create totals even if they exist."""
    for write in writes:
        if own == 0:
            write["Put"].pop("ConditionExpression", None)
    return _transact(self, writes, own=own)


_PATCHES = {mutant.name: mutant.patches for mutant in KNOWN + ROLLED}
SAME_PATCHES = {
    "nothing changed: no write": 1,
    "nothing changed: no write, inside a mixed chunk": 20,
    "nothing changed: no write if the object is present": 1,
    "HEAD before the revision is read": 1,
    "a row moved: revision read again, old HEAD kept": 1,
    "revisions read again with the totals": 4,
    "event dropped when a condition fails": 1,
    "sample written after the transaction": 1,
    "peak written after the transaction": 1,
    "time = now": 1,
    "nothing changed: totals not read": 1,
    "the baseline does not raise the peak": 1,
    "peak raised while adopting": 1,
    "interval of the clock, not of the sample's time": 1,
    "closed row put after the transaction": 1,
    "totals moved: closed row of the first plan kept": 1,
    "version 0.1 beside this one: intervals opened anew": 1,
}
"""Names and seeds of the mutants whose patches in tests/property replace code that runs here, too."""

stored = replaced(MemoryDynamoDB)
written = replaced(transaction)
MUTANTS = (
    *(Mutant(name, _PATCHES[name], seed) for name, seed in SAME_PATCHES.items()),
    Mutant(
        "condition on the row's observation instead of its revision",
        plan(totals_read=rows.totals_read_for_seen)
        + written(put_row=put_row_with_its_observation)
        + replaced(memory)(_CONDITIONS=_SameObservation()),
    ),
    Mutant("event skipped if the row was committed after it", replaced(world)(Batch=rows.SkippingBatch)),
    Mutant("row deleted on 404", stored(_put=stored_without_tombstones)),
    Mutant("a live put keeps the tombstone's expiry", stored(_put=stored_keeping_expiry), seed=3),
    Mutant("deltas applied blindly", written(put_row=unconditional(_put_row))),
    Mutant(
        "totals put without a condition on their revision",
        written(put_totals=unconditional(_put_totals)),
        seed=3,
    ),
    Mutant(
        "a failed key missing from batchItemFailures",
        replaced(Observer)(observe=observe_forgetting_failures),
        seed=2,
    ),
    Mutant("totals created unconditionally", replaced(Ledger)(_transact=transact_creating_always)),
    Mutant("totals created before page 0 is sent", replaced(world)(RunStarter=runs.TotalsFirst), seed=4),
    Mutant(
        "going live without moving the totals' revision",
        replaced(ledger)(transact_items=transact_items_going_live_unnoticed),
    ),
)
