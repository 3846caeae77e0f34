import pytest

from tests.integration.conftest import aws_endpoint  # noqa: F401  # these tests use the same engine
from tests.stateful.engine import Engine, retry_without_pauses


@pytest.fixture(scope="module")
def engine(aws_endpoint):  # noqa: F811
    """Yield an engine whose clients retry without pauses."""
    with pytest.MonkeyPatch.context() as patched:
        retry_without_pauses(patched)
        yield Engine(aws_endpoint)
