import os

import pytest

from tidemark.aws.emulator import client
from tidemark.local.deployment.stacks import Stacks


@pytest.fixture(scope="session")
def endpoint(environment) -> str:
    """Return the endpoint of the running environment."""
    return os.environ["AWS_ENDPOINT_URL"]


@pytest.fixture(scope="session")
def aws(endpoint):
    """Return a function from a service's name to its client."""
    return lambda service: client(service, endpoint)


@pytest.fixture
def stacks(aws) -> Stacks:
    return Stacks(aws("cloudformation"), aws("s3"))
