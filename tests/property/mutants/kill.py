"""Searches for the shortest story that kills a mutant."""

from tests.property.model.exploration import explore
from tests.property.model.search import Found
from tests.property.mutants.mutant import Mutant

LIMIT = 400_000
"""Maximum number of states of a search."""


def kill(mutant: Mutant) -> Found:
    """Search the mutant's world for the invariant that it must break; other violations do not count."""
    return explore(
        mutant.configuration,
        patches=mutant.patches,
        parts=mutant.parts,
        counts=lambda broken, at_rest: broken == mutant.breaks and at_rest >= mutant.at_rest,
        limit=LIMIT,
    )


def survive(mutant: Mutant) -> Found:
    """Search the whole world of an allowed variant."""
    return explore(mutant.configuration, patches=mutant.patches, parts=mutant.parts, limit=LIMIT)
