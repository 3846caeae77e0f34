"""The Docker tests need an engine, and the images built in it: `make test-docker` sees to both."""

import os

import pytest

from tests.docker.engine import READY
from tests.e2e.environment import Environment
from tidemark.images.docker import Docker
from tidemark.images.recipes import FUNCTIONS


def pytest_collection_modifyitems(items):
    """Leave these tests to `make test-docker`, and say so; there they run or fail, and are never skipped."""
    if not os.environ.get(READY):
        reason = "needs a Docker engine with the images: make test-docker"
        for item in items:
            if item.path.parent.name == "docker":
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def docker():
    """Return the docker command line, with an engine that has the functions' images."""
    docker = Docker()
    docker.require_engine()
    for recipe in FUNCTIONS:
        docker.output("image", "inspect", recipe.name)
    return docker


@pytest.fixture(scope="session")
def environment():
    """Return the embedded environment that these tests run in."""
    return Environment.from_env()
