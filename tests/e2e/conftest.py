import pytest

from tests.trace.logs import checked_trace


@pytest.fixture(scope="module", autouse=True)
def checked(environment):
    """Let the tests of a module end with the check of what the tracker traced meanwhile."""
    with checked_trace(environment):
        yield
