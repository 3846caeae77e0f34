"""The environment without Docker: LocalStack and its DynamoDB engine as two processes of this machine."""
# ruff: noqa: D102 - Backend documents these methods

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra_cdk.images import SERVICES, repository
from tidemark.checkout import ROOT
from tidemark.checks import Check, ok
from tidemark.errors import CommandError
from tidemark.local import emulator, processes
from tidemark.local.backend import ENGINE, LOCALSTACK, NAMES, PRELOADED, START_SECONDS, TITLES, Mode, Say
from tidemark.local.ports import LOOPBACK, free_port
from tidemark.local.processes import MARK, Program
from tidemark.local.progress import Progress
from tidemark.local.state import ProcessRecord, StateDirectory

_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LS_LOG")
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Addresses:
    """The ports on the loopback interface: LocalStack's endpoint, and the DynamoDB engine behind it."""

    port: int
    engine_port: int

    @property
    def endpoint(self) -> str:
        """The URL that everybody talks to."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def engine(self) -> str:
        """The URL that LocalStack forwards DynamoDB's calls to."""
        return f"http://{LOOPBACK}:{self.engine_port}"


@dataclass(frozen=True, slots=True)
class Processes:
    """Runs an environment as processes; see `Backend`."""

    state: StateDirectory
    mode = Mode.EMBEDDED
    place = "without Docker"
    sandbox = "process"

    @property
    def logs(self) -> str:
        return os.path.relpath(self.state.log(LOCALSTACK).parent)

    def prepare(self, progress: Progress) -> None:  # noqa: ARG002 - nothing to show
        require_installed(ROOT)

    def start(self, port: int, progress: Progress) -> None:
        addresses = Addresses(port, free_port())
        self.state.write_functions(functions(ROOT, self.state))
        records = [
            processes.start(program, self.state)
            for program in programs(ROOT, self.state, addresses, os.environ)
        ]
        progress.say("starting " + ", ".join(f"{record.name} (pid {record.pid})" for record in records))
        answers = (
            lambda: _engine_answers(addresses.engine),
            lambda: emulator.answers(addresses.endpoint),
        )
        for record, answer in zip(records, answers, strict=True):
            self._await(record, answer, progress)

    def _await(self, record: ProcessRecord, answers: Callable[[], bool], progress: Progress) -> None:
        title = TITLES[record.name]

        def missing() -> str | None:
            if not processes.is_alive(record):
                raise CommandError(f"{title} ended while it was starting")
            return None if answers() else "it does not answer yet"

        try:
            progress.wait(title, missing, seconds=START_SECONDS)
        except CommandError as error:
            raise CommandError(str(error), details=self.end_of_log(record.name)) from error

    def stop(self, say: Say) -> str:
        stopped = processes.stop_all(self.state, say)
        return f"{stopped} processes stopped, no process and no port is left" if stopped else ""

    def faults(self) -> list[str]:
        records = self.state.records()
        alive = {record.name for record in records if processes.is_alive(record)}
        return faults(
            {record.name: record.pid for record in records},
            alive,
            strays=0 if alive else len(processes.find(self.state)),
            empty=self.state.is_empty(),
        )

    def checks(self) -> list[Check]:
        runs = [
            ok(record.name, f"{TITLES[record.name]}, pid {record.pid}") for record in self.state.records()
        ]
        found = processes.find(self.state)
        memory = sum(_memory(process) for process in found) // _MEGABYTE
        return [*runs, ok("processes", f"{len(found)}, the functions' among them, {memory} MB of memory")]

    def end_of_log(self, name: str) -> str:
        log = self.state.log(name)
        return f"The end of {os.path.relpath(log)}:\n{processes.tail(log)}"

    def exposed(self) -> list[str]:
        listening = processes.listeners(processes.find(self.state))
        return [address for address in listening if not address.startswith(("127.", "::1:"))]

    def rebuild(self, service: str) -> str:  # noqa: ARG002 - a process runs the sources themselves
        return ""

    def require_debugger(self) -> None:
        """Do nothing: a debugger can attach to every process."""


def programs(
    root: Path, state: StateDirectory, addresses: Addresses, environ: Mapping[str, str]
) -> tuple[Program, ...]:
    """Return what to start, from the repository at `root`, in the order of `NAMES`."""
    modules = {ENGINE: "ministack", LOCALSTACK: "localstack_image_lambda"}
    settings = {ENGINE: _engine_settings(addresses), LOCALSTACK: _localstack_settings(state, addresses)}
    return tuple(
        Program(
            name,
            (str(_python(root, name)), "-m", modules[name]),
            _base(state, name, environ) | settings[name],
        )
        for name in NAMES
    )


def functions(root: Path, state: StateDirectory) -> dict[str, dict[str, dict[str, object]]]:
    """Return the content of LocalStack's map of images: each service from its sources, in its own venv."""
    return {"images": {repository(service): _function(root, state, service) for service in SERVICES}}


def faults(recorded: Mapping[str, int], alive: Collection[str], *, strays: int, empty: bool) -> list[str]:
    """Return what is wrong, from the recorded pids, which of them are alive, and the processes that nobody recorded.

    Nothing is wrong with a state directory that is `empty`, unless a process says that it is its own.
    """
    if empty and not strays:
        return []
    found = [
        f"{TITLES[name]} (pid {recorded[name]}) is gone"
        if name in recorded
        else f"{TITLES[name]} was not started"
        for name in NAMES
        if name not in alive
    ]
    if strays:
        found.append(
            f"{strays} process{'es' if strays > 1 else ''} of it still run{'' if strays > 1 else 's'}"
        )
    return found


def require_installed(root: Path) -> None:
    """Raise CommandError, naming the first interpreter that is missing, unless everything is installed."""
    for name in (*NAMES, *SERVICES):
        if not os.access(_python(root, name), os.X_OK):
            raise CommandError(f"{_python(root, name).relative_to(root)} is missing: run make install")


def _base(state: StateDirectory, name: str, environ: Mapping[str, str]) -> dict[str, str]:
    # Only the listed variables: a stray SERVICES=, AWS_PROFILE or proxy of somebody's shell would change the emulator.
    home = str(state.files_of(name))
    kept = {variable: environ[variable] for variable in _KEPT if variable in environ}
    return {**kept, "HOME": home, "TMPDIR": home, "PYTHONUNBUFFERED": "1"}


def _engine_settings(addresses: Addresses) -> dict[str, str]:
    return {
        "SERVICES": "dynamodb",
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(addresses.engine_port),
        "IOT_MTLS_ENABLED": "0",  # or it opens a second port
        "LOG_LEVEL": "WARNING",
    }


def _localstack_settings(state: StateDirectory, addresses: Addresses) -> dict[str, str]:
    listen = f"{LOOPBACK}:{addresses.port}"
    return {
        "GATEWAY_LISTEN": listen,
        "LOCALSTACK_HOST": listen,  # the host in the URLs that it hands out, which needs no DNS then
        "LOCALSTACK_STATE_DIR": str(state.files_of(LOCALSTACK)),
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "IMAGE_LAMBDA_MAP": str(state.functions_file),
        "DYNAMODB_ENGINE_URL": addresses.engine,
        "PRELOAD_SERVICES": PRELOADED,
    }


def _function(root: Path, state: StateDirectory, service: str) -> dict[str, object]:
    module = service.replace("-", "_")
    return {
        "python": str(_python(root, service)),
        "directory": str(root / "services" / module),
        "handler": f"{module}.handler.handler",
        "environment": {MARK: str(state.root)},
    }


def _python(root: Path, name: str) -> Path:
    return root / ".venvs" / name / "bin" / "python"


def _engine_answers(url: str) -> bool:
    try:
        return emulator.call("GET", f"{url}/_ministack/health", seconds=5)[0] == 200
    except ConnectionError:
        return False


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0  # it has just ended
