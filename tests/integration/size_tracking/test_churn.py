"""Reconcile of a bucket with far more tombstones than objects, on a real DynamoDB engine."""

import pytest

from size_history import keys
from size_history.messages import ReconcileRequest
from size_tracking import ledger as ledger_module
from size_tracking.ledger import Ledger
from tests.integration.size_tracking.world import batch_of, event, live, process, record

ROWS_OF_A_PAGE = 2
MAX_PAGES_PER_SHARD = 3
CHURN = 600


@pytest.fixture
def ledger(dynamodb, tables, monkeypatch):
    """Return a ledger whose query pages hold only two rows."""
    monkeypatch.setattr(ledger_module, "MAX_PAGES_PER_SHARD", MAX_PAGES_PER_SHARD)
    dynamodb.meta.events.register(
        "provide-client-params.dynamodb.Query", lambda params, **_: {**params, "Limit": ROWS_OF_A_PAGE}
    )
    return Ledger(dynamodb, ledger_table=tables.ledger, history_table=tables.history)


def test_a_step_reads_a_bounded_part_of_the_rows_and_the_run_reaches_every_one(dynamodb, ledger, world):
    batch = batch_of(world, ledger)
    live(world, batch)
    names = [f"churn/{number:04}" for number in range(CHURN)]
    for name in names:
        world.put(name, 1)
    process(batch, *[event(name) for name in names])
    for name in names:
        world.delete(name)
    kept, lost = names[::100], names[50::100]
    process(batch, *[event(name) for name in names if name not in lost])
    for name in kept:
        world.put(name, 3)  # these events are lost, too
    world.put("beyond the churn", 5)
    queries = []
    dynamodb.meta.events.register("before-call.dynamodb.Query", lambda **_: queries.append(1))

    process(batch, record(ReconcileRequest("data")))
    steps = 0
    while world.sent:
        before, steps = len(queries), steps + 1
        process(batch, record(world.sent.pop(0)))
        assert len(queries) - before <= keys.SHARDS * MAX_PAGES_PER_SHARD

    totals = ledger.header("data").totals
    assert (totals.size, totals.count) == (3 * len(kept) + 5, len(kept) + 1)
    assert steps > 3
    run = ledger.run("data")
    assert run.ended
    assert (run.checked, run.healed) == (len(kept) + 1 + len(lost), len(kept) + 1 + len(lost))
