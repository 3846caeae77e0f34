"""The state directory: everything that a local environment writes, and the mark that it is complete."""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from tidemark.errors import CommandError

R = TypeVar("R", "Environment", "ProcessRecord", "ComposeRecord")
DEFAULT = ".local"
_LOGS = "logs"
_EMULATOR_FILES = "emulator"
_ENVIRONMENT = "environment.json"
_FUNCTIONS = "functions.json"
_COMPOSE = "compose.json"
_PID_SUFFIX = ".pid"


@dataclass(frozen=True, slots=True)
class Environment:
    """A complete local environment: its endpoint and the variables that `make env` prints."""

    endpoint: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """A process that we started: its pid, and its start (seconds since 1970), because pids are used again."""

    name: str
    pid: int
    started: float


@dataclass(frozen=True, slots=True)
class ComposeRecord:
    """An environment in Docker: its Compose project (and network), and the address of its engine."""

    project: str
    docker_host: str


@dataclass(frozen=True, slots=True)
class StateDirectory:
    """The files of one environment below `root`, an absolute path."""

    root: Path

    @classmethod
    def at(cls, path: str) -> "StateDirectory":
        """Return the state directory at a path. CommandError if that is a file, or may not be read."""
        root = Path(path).absolute()
        try:
            is_taken = root.exists() and not root.is_dir()
            (root / _ENVIRONMENT).exists()  # raises if it may not be read
        except OSError as error:
            raise CommandError(
                f"STATE: cannot use {path}: {error.strerror}: choose another one: STATE=.local"
            ) from error
        if is_taken:
            raise CommandError(f"{path} is no directory: choose another one: STATE=.local")
        return cls(root)

    @property
    def functions_file(self) -> Path:
        """The file that says which image runs from which directory."""
        return self.root / _FUNCTIONS

    def log(self, name: str) -> Path:
        """Return the log of a process."""
        return self.root / _LOGS / f"{name}.log"

    def files_of(self, name: str) -> Path:
        """Return the directory that a process may write to."""
        return self.root / _EMULATOR_FILES / name

    def create(self) -> None:
        """Create the directories; logs of an earlier start are removed."""
        shutil.rmtree(self.root / _LOGS, ignore_errors=True)
        for directory in (_LOGS, _EMULATOR_FILES):
            (self.root / directory).mkdir(parents=True, exist_ok=True)

    def write_functions(self, content: object) -> None:
        """Write the file that says which image runs from which directory."""
        self.functions_file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    def record(self, process: ProcessRecord) -> None:
        """Record a process that was started."""
        _write(self.root / (process.name + _PID_SUFFIX), process)

    def records(self) -> list[ProcessRecord]:
        """Return the recorded processes, without records that are damaged."""
        found = [_read(path, ProcessRecord) for path in sorted(self.root.glob("*" + _PID_SUFFIX))]
        return [record for record in found if record]

    def record_compose(self, compose: ComposeRecord) -> None:
        """Record that the environment runs in Docker, before it is started."""
        _write(self.root / _COMPOSE, compose)

    def compose(self) -> ComposeRecord | None:
        """Return the record of an environment in Docker, or None."""
        return _read(self.root / _COMPOSE, ComposeRecord)

    def complete(self, environment: Environment) -> None:
        """Record that the environment is complete."""
        _write(self.root / _ENVIRONMENT, environment)

    def environment(self) -> Environment | None:
        """Return the environment if it was completed, else None."""
        return _read(self.root / _ENVIRONMENT, Environment)

    def is_empty(self) -> bool:
        """Return whether nothing of an environment is here; logs of a failed start do not count."""
        ours = [self.root / name for name in (_EMULATOR_FILES, _ENVIRONMENT, _FUNCTIONS, _COMPOSE)]
        return not self.records() and not any(path.exists() for path in ours)

    def remove(self, *, keep_logs: bool = False) -> None:
        """Remove everything that is ours; other files stay."""
        for name in (_EMULATOR_FILES,) if keep_logs else (_EMULATOR_FILES, _LOGS):
            shutil.rmtree(self.root / name, ignore_errors=True)
        ours = (_ENVIRONMENT, _FUNCTIONS, _COMPOSE, "*" + _PID_SUFFIX)
        for path in [path for pattern in ours for path in self.root.glob(pattern)]:
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Lock the directory, creating it, against other commands that start or stop. CommandError if it is locked.

        An empty directory is removed afterwards.
        """
        descriptor = self._lock()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                self.root.rmdir()
            os.close(descriptor)

    def _lock(self) -> int:
        while True:
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(self.root, os.O_RDONLY)
            except OSError as error:
                raise CommandError(f"STATE: cannot use {self.root}: {error.strerror}") from error
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # The last holder of the lock may have removed the directory.
                if os.path.samestat(os.fstat(descriptor), self.root.stat()):
                    return descriptor
            except FileNotFoundError:
                pass
            except BlockingIOError:
                os.close(descriptor)
                raise CommandError(
                    f"another make local-up or local-down is at work in {self.root.name}: wait until it ends"
                ) from None
            os.close(descriptor)


def _read(path: Path, kind: type[R]) -> R | None:
    try:
        return kind(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None


def _write(path: Path, value: "Environment | ProcessRecord | ComposeRecord") -> None:
    path.write_text(json.dumps(asdict(value), indent=2) + "\n", encoding="utf-8")
