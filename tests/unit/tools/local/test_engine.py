import socket
import threading

import pytest

from tidemark.errors import CommandError
from tidemark.local import mode
from tidemark.local.condition import Condition, Kind, judge_containers
from tidemark.local.engine import NoEngineError, find
from tidemark.local.mode import Mode


@pytest.fixture
def answering(tmp_path):
    """Return a function that makes a socket answer its first request so, and returns DOCKER_HOST for it."""
    listeners = []

    def answer(text: bytes) -> str:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "docker.sock"))
        listener.listen()
        listeners.append(listener)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(text)

        threading.Thread(target=serve, daemon=True).start()
        return f"unix://{tmp_path}/docker.sock"

    yield answer
    for listener in listeners:
        listener.close()


def test_an_engine_that_answers_is_found(answering):
    host = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")

    assert find({"DOCKER_HOST": host}, seconds=5).host == host


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(b"", "no Docker engine answers"), (b"HTTP/1.1 404 No\r\n\r\n", "is no Docker engine")],
)
def test_what_is_no_engine_is_said_so(answering, answer, reason):
    with pytest.raises(NoEngineError, match=reason):
        find({"DOCKER_HOST": answering(answer)}, seconds=5)


def test_a_socket_that_nobody_listens_on_and_one_that_hangs_are_no_engines(tmp_path):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        with pytest.raises(NoEngineError, match="Connection refused"):
            find({"DOCKER_HOST": f"unix://{path}"})
        listener.listen()
        with pytest.raises(NoEngineError, match="timed out"):
            find({"DOCKER_HOST": f"unix://{path}"}, seconds=0.01)


@pytest.mark.parametrize("host", ["tcp://10.0.0.1:2375", "ssh://elsewhere"])
def test_an_engine_elsewhere_is_not_for_a_local_environment(host):
    with pytest.raises(NoEngineError, match="is no socket of this machine"):
        find({"DOCKER_HOST": host})


def test_without_an_engine_it_runs_embedded_and_says_why(tmp_path):
    environ = {"DOCKER_HOST": f"unix://{tmp_path}/nowhere.sock"}

    choice = mode.choose(None, tmp_path, print, environ)

    assert choice.engine is None
    assert choice.why == f"no Docker engine answers: there is no {tmp_path}/nowhere.sock"
    with pytest.raises(CommandError, match=r"MODE=docker: no Docker engine answers.*or take MODE=embedded"):
        mode.choose(Mode.DOCKER, tmp_path, print, environ)


def test_a_mode_that_there_is_not_names_those_there_are():
    with pytest.raises(ValueError, match="'dokcer' is no mode: it is embedded or docker"):
        mode.mode_from("dokcer")


@pytest.mark.parametrize(
    ("states", "completed", "expected"),
    [
        ({"dynamodb": "healthy", "localstack": "running"}, True, Condition(Kind.UP)),
        (
            {"localstack": "exited"},
            True,
            Condition(
                Kind.HALF, ("the DynamoDB engine's container is gone", "LocalStack's container is exited")
            ),
        ),
        (
            {"dynamodb": "healthy", "localstack": "healthy"},
            False,
            Condition(Kind.HALF, ("its start was never finished",)),
        ),
    ],
)
def test_containers_are_up_when_both_run_and_the_start_was_finished(states, completed, expected):
    assert judge_containers(states, completed=completed) == expected
