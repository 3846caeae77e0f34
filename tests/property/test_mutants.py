"""Every wrong variant of the accounting dies of its mutation; every allowed variant lives."""

from dataclasses import replace

import pytest

from tests.property.configurations import DEEP
from tests.property.model.exploration import explore
from tests.property.mutants.allowed import ALLOWED
from tests.property.mutants.beyond import BEYOND
from tests.property.mutants.found import FOUND
from tests.property.mutants.kill import kill, survive
from tests.property.mutants.known import KNOWN
from tests.property.mutants.rolled import ROLLED
from tests.property.mutants.watched import WATCHED

MUTANTS = KNOWN + FOUND + WATCHED + ROLLED
KNOWN_OF_THE_WATCH = [
    "heard again: recorded as heard, then requested",
    "heard again: only the run at once",
    "a request is swallowed by a run that goes on",
    "heard again: recorded as heard",
    "the event path is looked at before the row is read",
    "the row is put without its condition",
    "still deaf: not written",
    "recovering: recorded, then requested",
    "the delayed request may arrive at once",
]
PROVED = {replace(world, name="") for world in DEEP}
"""The worlds that `make prove` explores."""
WORLDS = [world for world in dict.fromkeys(mutant.configuration for mutant in MUTANTS) if world not in PROVED]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_wrong_variant_dies(mutant):
    assert kill(mutant).violation is not None


@pytest.mark.parametrize(
    "world", WORLDS, ids=lambda world: f"{len(world.keys)} keys, {world.handlers} handlers, {world.faults()}"
)
def test_the_product_lives_where_a_mutant_dies(world):
    assert explore(world).violation is None


@pytest.mark.parametrize("world", BEYOND, ids=lambda world: world.name)
def test_the_product_is_wrong_where_it_does_not_claim_to_be_right(world):
    assert kill(world).violation is not None


SLOW = {"the same while adopting", "the listing read after the rows"}
"""Allowed variants whose worlds take half a minute or more."""


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(variant, id=variant.name, marks=[pytest.mark.long] if variant.name in SLOW else [])
        for variant in ALLOWED
    ],
)
def test_an_allowed_variant_lives(variant):
    assert survive(variant).violation is None


def test_all_known_variants_are_there():
    assert len(KNOWN) == 31
    assert [mutant.name for mutant in WATCHED[:9]] == KNOWN_OF_THE_WATCH
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
