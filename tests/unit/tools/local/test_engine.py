import socket
import threading

import pytest

from tidemark import cli
from tidemark.errors import CommandError
from tidemark.local import mode, up
from tidemark.local.containers import faults
from tidemark.local.embedded import Processes
from tidemark.local.engine import NoEngineError, find
from tidemark.local.mode import Choice
from tidemark.local.state import StateDirectory
from tidemark.options import Iam, Mode
from tidemark.progress import Progress


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

    state = StateDirectory(tmp_path)

    choice = mode.choose(state, None, environ)

    assert choice.backend == Processes(state)
    assert choice.why == f"no Docker engine answers: there is no {tmp_path}/nowhere.sock"
    with pytest.raises(CommandError, match=r"MODE=docker: no Docker engine answers.*or take MODE=embedded"):
        mode.choose(state, Mode.DOCKER, environ)


def test_a_mode_that_there_is_not_names_those_there_are(capsys):
    assert cli.main(["local-up", "--mode", "dokcer"]) == 2
    assert "'dokcer' is not one of 'embedded', 'docker'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({"dynamodb": "healthy", "localstack": "running"}, []),
        (
            {"localstack": "exited"},
            ["the DynamoDB engine's container is gone", "LocalStack's container is exited"],
        ),
    ],
)
def test_every_container_that_does_not_run_is_a_fault(states, expected):
    assert faults(states) == expected


class Stub:
    """A backend as far as it is chosen and prepared."""

    def __init__(self, mode, fault=""):
        self.mode = mode
        self._fault = fault

    def prepare(self, progress):
        if self._fault:
            raise CommandError(self._fault)


def test_images_that_cannot_be_built_stop_only_who_asked_for_docker(tmp_path, monkeypatch):
    docker, embedded = Stub(Mode.DOCKER, "no room for images"), Stub(Mode.EMBEDDED)
    monkeypatch.setattr(
        up, "choose", lambda _, wanted, *, iam: Choice(embedded if wanted is Mode.EMBEDDED else docker, "")
    )
    state = StateDirectory(tmp_path)

    assert up._prepared(state, None, Iam.ROLES, Progress()) == Choice(embedded, "no room for images")
    with pytest.raises(CommandError, match=r"^no room for images$"):
        up._prepared(state, Mode.DOCKER, Iam.ROLES, Progress())
