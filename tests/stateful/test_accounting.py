"""Any history of changes, deliveries and failures ends exact, and the books are consistent all the way."""

import pytest

from tests.stateful.running import run_in_memory, run_on_engine, seed_of_this_run

pytestmark = pytest.mark.long


def test_1000_histories_in_memory_end_exact(show):
    seed = seed_of_this_run()

    met = run_in_memory(seed, examples=1000, steps=9)

    show(f"\n  1,000 histories in memory met {met:,} faults and ended exact (seed {seed})")
    assert met > 300, "hardly a fault was met: the histories test nothing"


def test_40_histories_on_a_real_engine_end_exact(engine, show):
    seed = seed_of_this_run()

    met = run_on_engine(engine, seed, examples=40, steps=6)

    show(f"\n  40 histories on a real engine met {met:,} faults and ended exact (seed {seed})")
    assert met > 0, "hardly a fault was met: the histories test nothing"
