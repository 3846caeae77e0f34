import pytest

from infra_cdk.images import SERVICES
from tidemark.errors import CommandError
from tidemark.local.ports import free_port
from tidemark.local.state import ComposeRecord, Environment, StateDirectory
from tidemark.loop.reloading import recycle, reload

NAMES = {f"TIDEMARK_{service.replace('-', '_').upper()}_FUNCTION": service for service in SERVICES}


def environment():
    """Return an environment that does not answer."""
    return Environment(f"http://127.0.0.1:{free_port()}", NAMES)


def test_a_localstack_that_does_not_answer_is_said_so():
    with pytest.raises(
        CommandError, match=r"LocalStack does not answer at http://127.0.0.1:.*: make local-up"
    ):
        recycle(environment(), "plotting")


def test_an_image_that_is_not_built_leaves_the_one_before_it(tmp_path):
    state = StateDirectory.at(str(tmp_path))
    state.record_compose(ComposeRecord("project", f"unix://{tmp_path}/nothing.sock"))

    with pytest.raises(
        CommandError, match=r"the image of plotting was not built \(.*\), so the one before it runs on"
    ):
        reload(state, environment(), "plotting")
