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


class Empty(SilentHandler):
    """A LocalStack without functions."""

    def do_GET(self):
        self.answer(404, b'{"__type": "ResourceNotFoundException", "message": "Function not found"}')


def run_loop(state, environment):
    Loop(state, environment, state.root, reloads=True).run()


def debug(state, environment):
    with debugged(state, environment, "plotting", free_port()):
        pass


@pytest.mark.parametrize(
    ("command", "is_up", "said"),
    [
        (run_loop, True, "Function not found"),
        (run_loop, False, "Could not connect"),
        (debug, False, "DEBUG=plotting: Could not connect"),
    ],
)
def test_an_environment_without_functions_or_answer_is_said_in_one_line_with_the_fix(
    tmp_path, command, is_up, said
):
    state = StateDirectory.at(str(tmp_path))
    with serving(Empty) as server:
        environment = Environment(server.url if is_up else f"http://127.0.0.1:{free_port()}", NAMES)
        with pytest.raises(CommandError) as raised:
            command(state, environment)

    text = str(raised.value)
    assert said in text
    assert text.startswith("DEBUG=plotting: ") == (command is debug)
    assert "\n" not in text
    assert text.endswith(": make local-down local-up starts anew")
