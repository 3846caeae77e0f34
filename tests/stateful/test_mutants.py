"""The histories find what is wrong: each mistake, made in the code that runs, dies within so many random histories.

The seeds are chosen so that this is quick; without one, each takes some hundreds of histories.
"""

import pytest
from hypothesis import Phase

from tests.property.mutants.known import KNOWN
from tests.stateful.mutants import MUTANTS
from tests.stateful.running import run_in_memory

pytestmark = pytest.mark.long

HISTORIES = 1000


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_random_histories_kill_a_wrong_variant(mutant):
    with mutant.applied(), pytest.raises(AssertionError):
        run_in_memory(mutant.seed, examples=HISTORIES, steps=12, phases=(Phase.generate,))


def test_the_wrong_variants_go_by_the_names_under_which_they_are_told():
    assert {mutant.name for mutant in MUTANTS} <= {mutant.name for mutant in KNOWN}
