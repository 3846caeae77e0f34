"""One environment for all tests that need a whole one, started and stopped by the commands under test."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from infra_cdk.local.ports import free_port
from infra_cdk.local.state import ProcessRecord, StateDirectory

ROOT = Path(__file__).parents[3]
COMMAND_SECONDS = 240


@dataclass(frozen=True)
class Local:
    """A state directory and a port, and the local commands on them."""

    state: StateDirectory
    port: int

    def run(
        self, command: str, *arguments: str, timeout: float = COMMAND_SECONDS
    ) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command(command, *arguments),
            cwd=ROOT,
            env=environ(),
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def command(self, command: str, *arguments: str) -> list[str]:
        return [
            *(sys.executable, "-m", f"infra_cdk.local.{command}", "--state", str(self.state.root)),
            # Wherever an engine answers, `up` would take that.
            *(("--mode", "embedded") if command == "up" else ()),
            *arguments,
        ]

    def up(self) -> subprocess.CompletedProcess:
        return self.run("up", "--port", str(self.port))

    def down(self) -> subprocess.CompletedProcess:
        return self.run("down")

    def record(self, name: str) -> ProcessRecord:
        return next(record for record in self.state.records() if record.name == name)


def environ(**changes: str) -> dict[str, str]:
    """Return an ordinary user's environment: what `make test` has set for us is not for the commands under test."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "TIDEMARK_", "MAKE"))
    }
    return kept | changes


def new_local(directory: Path) -> Local:
    return Local(StateDirectory.at(str(directory / "state")), free_port())


@pytest.fixture
def nowhere(tmp_path):
    """Yield the commands where nothing was started; whatever a test starts is stopped."""
    local = new_local(tmp_path)
    yield local
    local.down()


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """Yield the commands with an environment up."""
    local = new_local(tmp_path_factory.mktemp("local"))
    started = local.up()
    yield local if started.returncode == 0 else pytest.fail(started.stdout + started.stderr, pytrace=False)
    local.down()


def tree(local: Local) -> list[psutil.Process]:
    """Return every process of an environment by their parents, starting from the recorded ones."""
    parents = [psutil.Process(record.pid) for record in local.state.records()]
    return [*parents, *(child for parent in parents for child in parent.children(recursive=True))]


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """Yield the commands with an environment up, for all tests that leave it as it was."""
    local = new_local(tmp_path_factory.mktemp("shared"))
    started = local.up()
    yield local if started.returncode == 0 else pytest.fail(started.stdout + started.stderr, pytrace=False)
    local.down()
