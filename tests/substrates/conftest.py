import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from harness import REGION, Functions, LocalStack
from tests.substrates.ministack.backend import MiniStack
from tests.substrates.probing import Emulator, policy
from tidemark.aws import emulator
from tidemark.local.ports import LOOPBACK, free_port
from tidemark.local.state import StateDirectory
from tidemark.progress import Progress

ROLE = "test"
"""The role of the harness's functions, which MiniStack wants to exist."""


class Running:
    """A MiniStack that runs, without Tidemark in it, and functions in it."""

    def __init__(self, state: StateDirectory, port: int) -> None:
        self.state = state
        self.url, self.region = f"http://{LOOPBACK}:{port}", emulator.REGION
        (record,) = state.records()
        self.process = psutil.Process(record.pid)
        self.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=policy())
        self.functions = Functions(self, state.root / "functions", state.functions_file)

    def client(self, service):
        return emulator.client(service, self.url)

    def log_lines(self, function):
        """Return the lines in a function's log group. A function that was never called has none."""
        logs = self.client("logs")
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in events]

    def processes(self):
        """Return its process and everything below it."""
        return [self.process, *self.process.children(recursive=True)]


@contextmanager
def running(directory) -> Iterator[Running]:
    state = StateDirectory.at(str(directory))
    state.create()
    backend, port = MiniStack(state), free_port()
    try:
        backend.start(port, Progress())
        yield Running(state, port)
    finally:
        backend.stop(print)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory):
    with running(tmp_path_factory.mktemp("ministack")) as it:
        yield it


@pytest.fixture
def functions(ministack):
    return ministack.functions


@pytest.fixture(scope="session")
def localstack(tmp_path_factory):
    """LocalStack with the plugin, without Tidemark in it."""
    home = tmp_path_factory.mktemp("localstack")
    images = home / "functions.json"
    running = LocalStack(home, IMAGE_LAMBDA_MAP=str(images), IAM_ENFORCEMENT="strict")
    yield Emulator(running.url, REGION, running.client, Functions(running, home / "functions", images))
    running.stop(signal.SIGKILL)
