"""Every wrong variant of the accounting dies of its mutation; every allowed variant lives."""

import pytest

from tests.property.model.exploration import explore
from tests.property.mutants.allowed import ALLOWED
from tests.property.mutants.found import FOUND
from tests.property.mutants.kill import kill, survive
from tests.property.mutants.known import KNOWN

MUTANTS = KNOWN + FOUND
WORLDS = list(dict.fromkeys(mutant.configuration for mutant in MUTANTS))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_wrong_variant_dies(mutant):
    assert kill(mutant).violation is not None


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: f"{len(world.keys)} keys, {world.faults()}")
def test_the_product_lives_where_a_mutant_dies(world):
    assert explore(world).violation is None


@pytest.mark.parametrize("variant", ALLOWED, ids=lambda variant: variant.name)
def test_an_allowed_variant_lives(variant):
    assert survive(variant).violation is None


def test_all_known_variants_are_there():
    assert len(KNOWN) == 31
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
