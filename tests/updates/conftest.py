from functools import cache

import pytest

from tests.substrates.conftest import running
from tests.updates import synthesis
from tests.updates.deployment import Deployment
from tests.updates.templates import read


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A MiniStack. It has no image for the functions, which nobody calls."""
    with running(tmp_path_factory.mktemp("ministack")) as it:
        yield it.url


@pytest.fixture
def deployment(url):
    return Deployment(url)


@pytest.fixture(scope="session")
def today(tmp_path_factory):
    """Today's templates of a variant."""
    directory = tmp_path_factory.mktemp("synth")
    return cache(lambda variant: read(synthesis.synthesize(variant, directory)))
