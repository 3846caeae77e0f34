"""`make dev` where its environment runs, but holds nothing or does not answer."""

import pytest

from infra_cdk.images import SERVICES
from tests.servers import SilentHandler, serving
from tidemark.errors import CommandError
from tidemark.local.ports import free_port
from tidemark.local.state import Environment, StateDirectory
from tidemark.loop.debugging import debugged
from tidemark.loop.dev import Loop

NAMES = {f"TIDEMARK_{service.replace('-', '_').upper()}_FUNCTION": service for service in SERVICES}


@pytest.fixture
def loop(tmp_path):
    """Return a function that makes the loop on an environment with its endpoint at a port."""

    def make(port):
        environment = Environment(f"http://127.0.0.1:{port}", NAMES)
        return Loop(StateDirectory.at(str(tmp_path)), environment, tmp_path, reloads=True)

    return make


def test_functions_that_were_destroyed_are_said_in_one_line_with_the_fix(loop):
    class Empty(SilentHandler):
        def do_GET(self):
            self.answer(404, b'{"__type": "ResourceNotFoundException", "message": "Function not found"}')

    with (
        serving(Empty) as server,
        pytest.raises(CommandError) as raised,
    ):
        loop(server.server_port).run()

    assert "Function not found" in str(raised.value)
    assert_one_line_with_the_fix(raised.value)


def test_an_endpoint_that_does_not_answer_is_said_in_one_line_with_the_fix(loop):
    with pytest.raises(CommandError) as raised:
        loop(free_port()).run()

    assert "Could not connect" in str(raised.value)
    assert_one_line_with_the_fix(raised.value)


def test_a_debugger_where_nothing_answers_is_refused_in_one_line_with_the_fix(tmp_path):
    state = StateDirectory.at(str(tmp_path))
    environment = Environment(f"http://127.0.0.1:{free_port()}", NAMES)

    with pytest.raises(CommandError) as raised, debugged(state, environment, "plotting", free_port()):
        pass

    assert str(raised.value).startswith("DEBUG=plotting: Could not connect")
    assert_one_line_with_the_fix(raised.value)


def assert_one_line_with_the_fix(error):
    assert "\n" not in str(error)
    assert str(error).endswith(": make local-down local-up starts anew")
