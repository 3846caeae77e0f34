"""Runs random histories from a seed."""

import os
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.engine import Engine, OnEngine
from tests.stateful.faults import Fault, Met
from tests.stateful.machine import Accounting, quiet

SEED = "TIDEMARK_SEED"
"""The environment variable with the seed of a run to repeat."""
EVERYTHING = (Phase.generate, Phase.shrink)


@dataclass
class Tally:
    """The histories that ended exact, their steps, and the faults injected by operation."""

    histories: int = 0
    steps: int = 0
    met: Counter[Met] = field(default_factory=Counter)

    def add(self, machine: Accounting) -> None:
        """Count a history that has ended."""
        self.histories += 1
        self.steps += machine.steps
        self.met += machine.world.met

    def plus(self, other: "Tally") -> "Tally":
        """Return the sum of both."""
        return Tally(self.histories + other.histories, self.steps + other.steps, self.met + other.met)

    def of(self, faults: Iterable[Fault], operation: str) -> int:
        """Return how often one of these faults was injected into an operation."""
        return sum(self.met[fault, operation] for fault in faults)

    def __str__(self) -> str:
        return f"{self.histories:,} histories of {self.steps:,} steps with {self.met.total():,} faults"


def seed_of_this_run() -> int:
    """Return the seed in TIDEMARK_SEED, or a new one."""
    return int(os.environ.get(SEED) or random.SystemRandom().randrange(1 << 32))


def run_in_memory(number: int, *, examples: int, steps: int, phases: tuple[Phase, ...] = EVERYTHING) -> Tally:
    """Run histories in memory. Raises the first failure, with its shortest history if `phases` shrink."""
    tally = Tally()

    class InProcess(Accounting):
        def teardown(self) -> None:
            super().teardown()
            tally.add(self)

    _run(InProcess, number, examples, steps, phases)
    return tally


def run_on_engine(engine: Engine, number: int, *, examples: int, steps: int) -> Tally:
    """Run histories on a real engine, like `run_in_memory`."""
    tally = Tally()

    class OnRealEngine(Accounting):
        check_after_every_rule = False  # every look and every page costs requests to the engine
        smallest_page = 3

        def storage(self) -> OnEngine:
            return OnEngine(engine)

        def teardown(self) -> None:
            try:
                super().teardown()
                tally.add(self)
            finally:
                self.world.storage.close()

    _run(OnRealEngine, number, examples, steps, EVERYTHING)
    return tally


def _run(
    machine: type[Accounting], number: int, examples: int, steps: int, phases: tuple[Phase, ...]
) -> None:
    bounds = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    try:
        with quiet():
            run_state_machine_as_test(seed(number)(machine), settings=bounds)
    except BaseException as error:
        error.add_note(f"again: {SEED}={number} (with {examples} histories of up to {steps} steps)")
        raise
