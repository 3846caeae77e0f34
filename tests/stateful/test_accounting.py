"""Any history of changes, deliveries and faults ends exact, and the books are consistent at every moment."""

import pytest

from tests.stateful.faults import FITTING, Fault
from tests.stateful.running import run_in_memory, run_on_engine, seed_of_this_run

pytestmark = pytest.mark.long

COMMIT_UNKNOWN = {Fault.LOST, Fault.CRASH_AFTER}
"""The commit succeeded, but its handler does not know."""


def test_1000_histories_in_memory_end_exact(show):
    seed = seed_of_this_run()

    tally = run_in_memory(seed, examples=1000, steps=12)

    show(f"\n  in memory: {tally}, all ended exact (seed {seed})")
    assert tally.met.total() > 500, "hardly any fault was injected: the histories test nothing"
    assert tally.of(COMMIT_UNKNOWN, "TransactWriteItems") > 50
    assert tally.of({Fault.CONFLICT}, "TransactWriteItems") > 20
    assert tally.of({Fault.UNPROCESSED}, "BatchGetItem") > 20
    assert tally.of(FITTING["HeadObject"], "HeadObject") > 100


def test_100_histories_on_a_real_engine_end_exact(engine, show):
    seed = seed_of_this_run()

    tally = run_on_engine(engine, seed, examples=100, steps=6)

    show(f"\n  on a real engine: {tally}, all ended exact (seed {seed})")
    assert tally.met.total() > 20, "hardly any fault was injected: the histories test nothing"
    assert tally.of(FITTING["TransactWriteItems"], "TransactWriteItems") > 0
