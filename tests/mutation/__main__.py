"""Holds the fast tests to mutmut's mutants of the tracker: `python -m tests.mutation [part of a place]`.

It fails if a mutant survives that justified.toml does not list, and if one that is listed there does not survive any more.
"""

import os
import sys
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.isolation import isolated
from tests.mutation.anew import survives_anew
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.run import run

ROOT = Path(__file__).parents[2]
PACKAGES = ("size_history", "size_tracking")
TESTS = ("tests/unit/size_history", "tests/unit/size_tracking")
JUSTIFIED = Path(__file__).parent / "justified.toml"


def main(words: list[str]) -> int:
    """Run the mutants whose place has these words; return 1 if one survives unlisted or is listed without surviving."""
    os.environ.update(isolated(os.environ))
    began = time.monotonic()
    mutants = list(_distinct(_all_mutants(" ".join(words))))
    tests = sorted(path for place in TESTS for path in (ROOT / place).glob("test_*.py"))
    survivors: list[Mutant] = []
    listed = justified()
    done = 0

    def report(mutant: Mutant, survived: bool) -> None:
        nonlocal done
        done += 1
        if survived and (mutant.function or survives_anew(mutant, tests)):
            survivors.append(mutant)
            if mutant.name not in listed:
                print(f"survives: {mutant.name}", flush=True)
        if sys.stderr.isatty():
            print(f"\r{done} of {len(mutants)}, {len(survivors)} survive", end="", file=sys.stderr)

    run(mutants, tests, report)
    return _judge(mutants, survivors, words, time.monotonic() - began)


def _all_mutants(words: str) -> Iterable[Mutant]:
    for package in PACKAGES:
        source = ROOT / "services" / package / "src"
        for path in sorted((source / package).rglob("*.py")):
            module = ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
            yield from (each for each in mutants_of(path, module) if words in each.place)


def _distinct(mutants: Iterable[Mutant]) -> Iterable[Mutant]:
    """Yield the mutants that differ from the code and from each other."""
    seen = set()
    for mutant in mutants:
        key = (mutant.path, mutant.source)
        if key not in seen and mutant.source != mutant.text:
            seen.add(key)
            yield mutant


def justified() -> dict[str, str]:
    """Return the mutants that may survive, by name, with the reason."""
    groups = tomllib.loads(JUSTIFIED.read_text())["group"] if JUSTIFIED.exists() else []
    return {name: group["why"] for group in groups for name in group["mutants"]}


def _judge(mutants: list[Mutant], survivors: list[Mutant], words: list[str], seconds: float) -> int:
    names = {mutant.name for mutant in survivors}
    listed = justified()
    unlisted = sorted(names - set(listed))
    relevant = set(listed) if not words else {mutant.name for mutant in mutants} & set(listed)
    stale = sorted(relevant - names)
    for name in stale:
        print(f"is listed in {JUSTIFIED.name} and does not survive: {name}")
    killed = len(mutants) - len(survivors)
    print(
        f"{killed} of {len(mutants)} mutants killed ({100 * killed / max(1, len(mutants)):.1f} %), "
        f"{len(survivors)} survive, {len(unlisted)} of them without a justification, in {seconds:.0f} s"
    )
    return int(bool(unlisted or stale))


if __name__ == "__main__":
    os.chdir(ROOT)
    pytest.register_assert_rewrite("tests.unit")
    sys.exit(main(sys.argv[1:]))
