"""The histories find mistakes: each wrong variant of the code dies within HISTORIES random histories.

`make mutants` runs them. The seeds are chosen so that this is quick; other seeds take some hundreds of histories each.
"""

import pytest
from hypothesis import Phase

from tests.property.mutants.known import KNOWN
from tests.property.mutants.rolled import ROLLED
from tests.stateful.mutants import MUTANTS
from tests.stateful.running import run_in_memory

pytestmark = pytest.mark.mutants

HISTORIES = 1000


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_random_histories_kill_a_wrong_variant(mutant):
    with mutant.applied(), pytest.raises(AssertionError):
        run_in_memory(mutant.seed, examples=HISTORIES, steps=12, phases=(Phase.generate,))


def test_every_wrong_variant_has_the_name_of_a_known_one():
    assert {mutant.name for mutant in MUTANTS} <= {mutant.name for mutant in KNOWN + ROLLED}
