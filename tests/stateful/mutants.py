"""Wrong variants of the accounting that random histories must find: patches of the code that runs, adapters included.

`tests/property` explores every interleaving of small worlds around the pure code; here the same mistakes are made in
the code itself, down to the conditions that DynamoDB is sent, to see that the histories would notice. The mistakes are
those of tests/property/mutants, where each is told with its shortest story. The eight known ones that are not here are
left to it: random histories meet them too seldom (the peak put, or going live, without a condition), or cannot (no process here outlives
a tombstone), or they need more than a patch of the code that runs (the listing taken for observations).
"""

import json
from collections.abc import Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from size_tracking import ledger, reconcile_plan, track_plan, transaction
from size_tracking.batch import Batch
from size_tracking.ledger import Ledger
from size_tracking.observer import Observer
from size_tracking.tracker import Tracker
from tests.property.model.exploration import Patch
from tests.property.mutants import rows, runs, sums
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
    """A wrong variant, by its name in tests/property/mutants, and what is put in the place of the right code."""

    name: str
    patches: tuple[Patch, ...]
    seed: int = 1
    """From which it dies within some dozens of histories; from others it may take hundreds."""

    @contextmanager
    def applied(self):
        """Put it in for a while."""
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


def put_row_that_said(table, bucket, write, now):
    """Condition a row on what it says, whatever its revision."""
    put = unconditional(_put_row)(table, bucket, write, now)["Put"]
    says = json.dumps([write.read.size, write.read.etag])
    return {"Put": put | {"ConditionExpression": f"says {says}"}}


class _SaysTheSame(Mapping[str, Any]):
    """The stand-in's conditions, and one on what a row says."""

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
    """Delete the row where an absent object's would be put."""
    _put(self, put)
    if "expiry" in put["Item"]:
        del self.tables[put["TableName"]][self._key_of(put)]


def stored_keeping_expiry(self, put):
    """Keep what an earlier tombstone said of its expiry."""
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


def observe_forgetting(self, bucket, keys):
    """Forget the keys that S3 did not answer for."""
    return _observe(self, bucket, keys)[0], {}


def transact_creating_always(self, writes, *, own):
    """Create totals whether there are some or not."""
    for write in writes:
        if write["Put"].get("ConditionExpression") == "attribute_not_exists(pk)" and own == 0:
            del write["Put"]["ConditionExpression"]
    return _transact(self, writes, own=own)


class SkippingBatch(Batch):
    """Acknowledges an event unseen if its key was committed after it."""

    def handle(self, records, *, remaining_ms):
        return super().handle(
            [one for one in records if not self._done_since(one)], remaining_ms=remaining_ms
        )

    def _done_since(self, record):
        event = json.loads(record["body"])
        if "detail" not in event:
            return False
        key = event["detail"]["object"]["key"]
        try:
            known = self.reconciler.ledger.rows(event["detail"]["bucket"]["name"], [key])
        except Exception:  # noqa: BLE001  # what cannot be read is not skipped
            return False
        return key in known and known[key].revision > event["sent"]


def totals_read(mutation) -> Patch:
    """Replace the planning of a commit."""
    return (track_plan, "totals_read", mutation)


def made(name: str, *patches: Patch, seed: int = 1) -> Mutant:
    """Return a mutant of these patches."""
    return Mutant(name, patches, seed)


REREADING = (Tracker, "step", rows.step_rereading)
MUTANTS = (
    made("nothing changed: no write", totals_read(rows.keep_rows(rows.changed))),
    made(
        "nothing changed: no write, inside a mixed chunk",
        totals_read(rows.keep_rows(rows.changed_or_alone_unchanged)),
        seed=5,
    ),
    made(
        "nothing changed: no write, where the object is present",
        totals_read(rows.keep_rows(rows.changed_or_absent)),
    ),
    made("HEAD before the revision is read", (Tracker, "step", rows.step_looking_first)),
    made(
        "a row moved: revision read again, old HEAD kept",
        REREADING,
        (track_plan, "committed", rows.committed_keeping_looks),
    ),
    made(
        "revisions read again with the totals",
        REREADING,
        (track_plan, "observed", rows.observed_then_reread),
        seed=4,
    ),
    made(
        "condition on what the row says instead of its revision",
        totals_read(rows.totals_read_for_seen),
        (transaction, "put_row", put_row_that_said),
        (memory, "_CONDITIONS", _SaysTheSame()),
    ),
    made("event dropped when a condition fails", (track_plan, "committed", rows.committed_giving_way)),
    made("event skipped if the row was committed after it", (world, "Batch", SkippingBatch)),
    made("row deleted on 404", (MemoryDynamoDB, "_put", stored_without_tombstones)),
    made("a live put keeps the tombstone's expiry", (MemoryDynamoDB, "_put", stored_keeping_expiry), seed=3),
    made("deltas applied blindly", (transaction, "put_row", unconditional(_put_row))),
    made(
        "totals set without a condition on their revision",
        (transaction, "put_totals", unconditional(_put_totals)),
        seed=3,
    ),
    made(
        "sample written after the transaction",
        totals_read(sums.sample_later[0]),
        (track_plan, "committed", sums.sample_later[1]),
    ),
    made(
        "peak written after the transaction",
        totals_read(sums.peak_later[0]),
        (track_plan, "committed", sums.peak_later[1]),
    ),
    made("time = now", (track_plan, "_record", sums.record_now)),
    made("a failed key missing from batchItemFailures", (Observer, "observe", observe_forgetting), seed=2),
    made("totals created unconditionally", (Ledger, "_transact", transact_creating_always)),
    made("totals created before page 0 is sent", (world, "RunStarter", runs.TotalsFirst), seed=3),
    made("nothing changed: totals not read", (track_plan, "observed", rows.observed_without_totals)),
    made(
        "going live without moving the totals' revision",
        (ledger, "transact_items", transact_items_going_live_unnoticed),
    ),
    made("the baseline does not raise the peak", (reconcile_plan, "go_live", runs.go_live_without_peak)),
    made("peak raised while adopting", (track_plan, "_record", sums.record_while_adopting)),
)
