"""One environment for all tests that need a whole one, started and stopped by the commands under test."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tidemark.installation import venvs
from tidemark.installation.venvs import VENVS, Venv
from tidemark.local.ports import free_port
from tidemark.local.state import ProcessRecord, StateDirectory

ROOT = Path(__file__).parents[3]
COMMAND_SECONDS = 240
APP = tuple(f"infra_cdk/{name}" for name in ("__init__.py", "node.py", "pyproject.toml"))
NEEDED = ("Makefile", "pyproject.toml", "uv.lock", "images", "services", "tools", *APP)
"""What installing needs of the repository."""


@dataclass(frozen=True)
class Local:
    """A state directory and a port, and the local commands on them."""

    state: StateDirectory
    port: int

    def run(
        self, command: str, *arguments: str, timeout: float = COMMAND_SECONDS
    ) -> subprocess.CompletedProcess:
        return run(self.command(command, *arguments), timeout=timeout)

    def command(self, command: str, *arguments: str) -> list[str]:
        return [
            *(sys.executable, "-m", "tidemark.cli", command, "--state", str(self.state.root)),
            # If an engine answers, `local-up` would take that.
            *(("--mode", "embedded") if command == "local-up" else ()),
            *arguments,
        ]

    def up(self) -> subprocess.CompletedProcess:
        return self.run("local-up", "--port", str(self.port))

    def down(self) -> subprocess.CompletedProcess:
        return self.run("local-down")

    def record(self, name: str) -> ProcessRecord:
        return next(record for record in self.state.records() if record.name == name)


def run(
    command: Sequence[object],
    *,
    cwd: Path = ROOT,
    stdin: str | None = None,
    timeout: float = COMMAND_SECONDS,
    **changes: str,
) -> subprocess.CompletedProcess:
    """Run a command as an ordinary user does, but for some changes of the environment."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environ(**changes),
        input=stdin,
        check=False,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


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


@contextmanager
def up(directory: Path) -> Iterator[Local]:
    local = new_local(directory)
    started = local.up()
    try:
        yield (
            local if started.returncode == 0 else pytest.fail(started.stdout + started.stderr, pytrace=False)
        )
    finally:
        local.down()


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """Yield the commands with an environment up."""
    with up(tmp_path_factory.mktemp("local")) as local:
        yield local


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """Yield the commands with an environment up, for all tests that leave it as it was."""
    with up(tmp_path_factory.mktemp("shared")) as local:
        yield local


def tree(local: Local) -> list[psutil.Process]:
    """Return every process of an environment by their parents, starting from the recorded ones."""
    parents = [psutil.Process(record.pid) for record in local.state.records()]
    return [*parents, *(child for parent in parents for child in parent.children(recursive=True))]


@pytest.fixture
def clone(tmp_path):
    """Return a copy of what the doctor reads, with environments that are in step with its locks."""
    copy = tmp_path / "clone"
    copy_to(
        copy, *NEEDED, *(f"infra_cdk/{name}" for name in ("cdk.json", "settings.py", "images.py", "names.py"))
    )
    take_for_filled(copy, *VENVS)
    return copy


def take_for_filled(repository: Path, *wanted: Venv) -> None:
    """Make environments of a copy look as if `make install` had filled them."""
    (repository / ".venvs").mkdir(exist_ok=True)
    for venv in wanted:
        with venvs.filling(repository, venv):
            (repository / venv.directory / "bin").mkdir(parents=True)
            (repository / venv.directory / "bin" / "python").symlink_to(sys.executable)


def copy_to(copy: Path, *names: str) -> None:
    """Copy files and directories of the repository."""
    for name in names:
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)
