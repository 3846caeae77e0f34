"""Runs the rules as often as asked, from a seed that is told."""

import os
import random

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.engine import Engine, OnEngine
from tests.stateful.machine import Accounting, quiet

SEED = "TIDEMARK_SEED"
"""The environment variable that repeats a run."""


def seed_of_this_run() -> int:
    """Return the seed asked for by TIDEMARK_SEED, or a new one."""
    return int(os.environ.get(SEED) or random.SystemRandom().randrange(1 << 32))


def run_in_memory(number: int, *, examples: int, steps: int) -> int:
    """Run so many histories in memory; return how many faults were met. Raises what broke, with the shortest history."""
    met: list[int] = []

    class InProcess(Accounting):
        def teardown(self) -> None:
            super().teardown()
            met.append(self.world.met)

    _run(InProcess, number, examples, steps)
    return sum(met)


def run_on_engine(engine: Engine, number: int, *, examples: int, steps: int) -> int:
    """Run so many histories on a real engine; as `run_in_memory`."""
    met: list[int] = []

    class OnRealEngine(Accounting):
        looks_always = False  # every look and every page costs requests to the engine
        smallest_page = 3

        def storage(self) -> OnEngine:
            return OnEngine(engine)

        def teardown(self) -> None:
            try:
                super().teardown()
                met.append(self.world.met)
            finally:
                self.world.storage.close()

    _run(OnRealEngine, number, examples, steps)
    return sum(met)


def _run(machine: type[Accounting], number: int, examples: int, steps: int) -> None:
    bounds = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        with quiet():
            run_state_machine_as_test(seed(number)(machine), settings=bounds)
    except BaseException as error:
        error.add_note(f"again: {SEED}={number} (with {examples} histories of up to {steps} steps)")
        raise
