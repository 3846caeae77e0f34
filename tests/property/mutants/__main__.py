"""Kills every mutant and prints its shortest story: `python -m tests.property.mutants [words of a name]`."""

import sys
import time

from tests.property.model.search import Found
from tests.property.mutants.allowed import ALLOWED
from tests.property.mutants.beyond import BEYOND
from tests.property.mutants.found import FOUND
from tests.property.mutants.kill import kill, survive
from tests.property.mutants.known import KNOWN
from tests.property.mutants.rolled import ROLLED
from tests.property.mutants.watched import WATCHED


def main(words: list[str]) -> int:
    """Print a story per mutant; return the number of mutants that live and of allowed variants that die."""
    wanted = " ".join(words)
    mutants = [mutant for mutant in KNOWN + FOUND + WATCHED + ROLLED + BEYOND if wanted in mutant.name]
    allowed = [variant for variant in ALLOWED if wanted in variant.name]
    began = time.monotonic()
    survivors = [mutant.name for mutant in mutants if not _dies(mutant.name, kill(mutant))]
    survivors += [variant.name for variant in allowed if _dies(variant.name, survive(variant))]
    seconds = time.monotonic() - began
    if survivors:
        print(f"\nWrong verdict: {'; '.join(survivors)}")
    else:
        print(f"\n{len(mutants)} mutants dead, {len(allowed)} allowed variants alive, in {seconds:.0f} s")
    return len(survivors)


def _dies(name: str, found: Found) -> bool:
    if found.violation is None:
        print(f"\n{name}\n  lives: {found.states:,} states, nothing broken")
        return False
    print(f"\n{name}\n  dies in {len(found.violation.story)} steps; broken: {found.violation.broken}")
    for number, line in enumerate(found.violation.story, start=1):
        print(f"  {number:3} {line}")
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) and 1)
