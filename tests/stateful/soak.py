"""`make soak MINUTES=`: the stateful tests for as long as asked, round after round, each from a seed that is told.

A failure ends it, with the shortest history that fails and the seed that finds it again (TIDEMARK_SEED=).
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.endpoint

from tests.integration.conftest import running_engine
from tests.stateful.engine import Engine
from tests.stateful.running import SEED, run_in_memory, run_on_engine, seed_of_this_run

STEPS = 40
IN_MEMORY_A_ROUND = 500
ON_ENGINE_A_ROUND = 20
ENGINE_STEPS = 15


def soak(minutes: float, seed: int, engine: Engine) -> int:
    """Run rounds until the time is over and return how many there were; a failure is raised."""
    print(f"soak: {minutes:g} minutes from seed {seed} ({SEED}={seed} repeats it)", flush=True)
    seeds = random.Random(seed)
    end = time.monotonic() + 60 * minutes
    rounds = faults = 0
    while time.monotonic() < end:
        # The first round takes the seed itself, so that the seed of a failing round is all it takes to repeat it.
        number = seeds.randrange(1 << 32) if rounds else seed
        faults += run_in_memory(number, examples=IN_MEMORY_A_ROUND, steps=STEPS)
        faults += run_on_engine(engine, number, examples=ON_ENGINE_A_ROUND, steps=ENGINE_STEPS)
        rounds += 1
        print(
            f"soak: round {rounds} (seed {number}): {rounds * IN_MEMORY_A_ROUND:,} histories in memory and "
            f"{rounds * ON_ENGINE_A_ROUND:,} on the engine ended exact, {faults:,} faults met",
            flush=True,
        )
    return rounds


def main(arguments: Any = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="default: %(default)g")
    options = parser.parse_args(arguments)
    botocore.endpoint.time = SimpleNamespace(sleep=lambda _: None)  # type: ignore[attr-defined]  # retry without pauses
    with tempfile.TemporaryDirectory() as home, running_engine(Path(home)) as url:
        soak(options.minutes, seed_of_this_run(), Engine(url))
    return 0


if __name__ == "__main__":
    sys.exit(main())
