"""The product's accounting, explored to the last state of every bounded world (`make prove` explores larger ones)."""

import pytest

from tests.property.configurations import BOUNDED
from tests.property.model.exploration import explore


@pytest.mark.parametrize("configuration", BOUNDED, ids=lambda configuration: configuration.name)
def test_nothing_is_wrong_in_any_state(configuration):
    violation = explore(configuration).violation

    assert violation is None, "\n".join([violation.broken, *violation.story])
