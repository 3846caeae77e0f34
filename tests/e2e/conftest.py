import pytest

from tests.e2e.environment import Environment, NoEnvironmentError


@pytest.fixture(scope="session")
def environment() -> Environment:
    try:
        return Environment.from_env()
    except NoEnvironmentError as error:
        pytest.exit(str(error), returncode=2)
