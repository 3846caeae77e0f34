"""Fixtures of the Docker tests. They need an engine with the images: `make test-docker` provides both."""

import os

import pytest

from tests.docker.engine import READY
from tests.e2e.environment import Environment
from tidemark.images.docker import Docker
from tidemark.images.recipes import FUNCTIONS


def pytest_collection_modifyitems(items):
    """Skip these tests unless `make test-docker` runs them. There, a skipped test is a failure."""
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
