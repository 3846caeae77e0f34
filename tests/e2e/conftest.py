import pytest

from tests.e2e.environment import Environment, NoEnvironmentError


@pytest.fixture(scope="session")
def environment() -> Environment:
    try:
        return Environment.from_env()
    except NoEnvironmentError as error:
        pytest.exit(str(error), returncode=2)


@pytest.fixture
def show(capsys):
    """Print what a person wants to see, although pytest captures the rest."""

    def print_it(text: str) -> None:
        with capsys.disabled():
            print(text)

    return print_it
