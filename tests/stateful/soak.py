"""`make soak MINUTES=` runs the stateful tests in rounds for a given time and prints the seed of each round.

The first failure ends it with one line: the broken invariant, the seed, the command that repeats it, and the file with the
shortest history.
"""

import argparse
import random
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import botocore.endpoint

from tests.engine import EngineError, running_engine
from tests.stateful.engine import Engine
from tests.stateful.running import SEED, Tally, run_in_memory, run_on_engine, seed_of_this_run

STEPS = 40
IN_MEMORY_A_ROUND = 500
ON_ENGINE_A_ROUND = 20
ENGINE_STEPS = 15
STORY = Path(".local") / "soak-failure.txt"


class BrokenError(Exception):
    """A history failed; the text is one line that says what broke and how to repeat it."""


def soak(minutes: float, seed: int, engine: Engine) -> int:
    """Run rounds until the time is over and return their number. Raises BrokenError at the first failure."""
    print(f"soak: {minutes:g} minutes from seed {seed} ({SEED}={seed} repeats it)", flush=True)
    seeds = random.Random(seed)
    end = time.monotonic() + 60 * minutes
    rounds, in_memory, on_engine = 0, Tally(), Tally()
    while time.monotonic() < end or not rounds:
        # The first round uses the seed itself, so that the printed seed of any round repeats that round.
        number = seeds.randrange(1 << 32) if rounds else seed
        in_memory = in_memory.plus(
            _run_round(number, lambda at: run_in_memory(at, examples=IN_MEMORY_A_ROUND, steps=STEPS))
        )
        on_engine = on_engine.plus(
            _run_round(
                number, lambda at: run_on_engine(engine, at, examples=ON_ENGINE_A_ROUND, steps=ENGINE_STEPS)
            )
        )
        rounds += 1
        print(f"soak: round {rounds} (seed {number}) ended exact", flush=True)
    print(
        f"soak: {rounds} rounds ended exact; in memory: {in_memory}; on the engine: {on_engine}", flush=True
    )
    return rounds


def _run_round(seed: int, run: Callable[[int], Tally]) -> Tally:
    try:
        return run(seed)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        STORY.parent.mkdir(exist_ok=True)
        STORY.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        raise BrokenError(
            f"broken: {invariant_of(error)}; seed {seed}; again: {SEED}={seed} make soak MINUTES=0; "
            f"its shortest history: {STORY}"
        ) from error


def invariant_of(error: BaseException) -> str:
    """Return what broke on one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    said = str(error).partition("\n")[0]
    return said if isinstance(error, AssertionError) else f"{type(error).__name__}: {said}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="default: %(default)g; 0 is one round")
    options = parser.parse_args(arguments)
    botocore.endpoint.time = SimpleNamespace(sleep=lambda _: None)  # retry without pauses
    try:
        with running_engine() as running:
            soak(options.minutes, seed_of_this_run(), Engine(running.url))
    except (BrokenError, EngineError) as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
