import os

import pytest

from tidemark.local.deployment.stacks import Stacks
from tidemark.local.emulator import client


@pytest.fixture(scope="session")
def endpoint() -> str:
    """Return the endpoint of the environment that the tests run in."""
    url = os.environ.get("AWS_ENDPOINT_URL")
    if not url or "TIDEMARK_API_URL" not in os.environ:
        pytest.fail("no environment: run these tests with make test", pytrace=False)
    return url


@pytest.fixture(scope="session")
def aws(endpoint):
    """Return a function from a service's name to its client."""
    return lambda service: client(service, endpoint)


@pytest.fixture
def stacks(aws) -> Stacks:
    return Stacks(aws("cloudformation"), aws("s3"))
