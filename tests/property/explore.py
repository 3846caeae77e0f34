"""Explores the product's accounting: `python -m tests.property.explore [bounded] [words of a name]`.

Prints the number of states of each configuration, and the shortest story of each violation.
"""

import multiprocessing
import sys
import time

from tests.property.configurations import BOUNDED, DEEP
from tests.property.model.configuration import Configuration
from tests.property.model.exploration import explore
from tests.property.model.search import Found

WORKERS = 2
MAX_STATES = 3_000_000
"""Maximum number of states of one world: they take less than 2 GB."""


def main(words: list[str]) -> int:
    """Explore; return 1 if anything is broken."""
    everything = BOUNDED if words[:1] == ["bounded"] else BOUNDED + DEEP
    wanted = " ".join(words[1:] if words[:1] == ["bounded"] else words)
    chosen = [configuration for configuration in everything if wanted in configuration.name]
    began = time.monotonic()
    print(f"{'states':>10} {'steps':>10} {'s':>5}  configuration")
    states, dying, broken = 0, 0, 0
    # Largest first, so that the workers end together; one process each, to free the memory.
    with multiprocessing.Pool(WORKERS, maxtasksperchild=1) as pool:
        for configuration, found, seconds in pool.imap_unordered(_explored, reversed(chosen)):
            states += found.states
            dying += found.states if configuration.budget.crashes else 0
            broken += found.violation is not None
            print(f"{found.states:10,} {found.steps:10,} {seconds:5.0f}  {configuration.name}", flush=True)
            _send_events(found)
    print(
        f"{states:10,} states in {time.monotonic() - began:.0f} s, {dying:,} of them where handlers may die; "
        f"{broken} configurations broken"
    )
    return 1 if broken or not chosen else 0


def _explored(configuration: Configuration) -> tuple[Configuration, Found, float]:
    began = time.monotonic()
    try:
        found = explore(configuration, limit=MAX_STATES)
    except RuntimeError as error:
        raise RuntimeError(f"world {configuration.name!r} has {error}: make it smaller") from error
    return configuration, found, time.monotonic() - began


def _send_events(found: Found) -> None:
    if found.violation:
        print(f"  broken: {found.violation.broken}")
        for number, line in enumerate(found.violation.story, start=1):
            print(f"  {number:3} {line}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
