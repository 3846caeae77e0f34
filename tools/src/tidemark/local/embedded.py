"""The environment without Docker: LocalStack and its DynamoDB engine as two processes of this machine."""
# ruff: noqa: D102 - Backend documents these methods

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra_cdk.images import SERVICES, repository
from tidemark.aws import emulator
from tidemark.checkout import ROOT
from tidemark.checks import Check, ok
from tidemark.errors import CommandError
from tidemark.local import processes
from tidemark.local.backend import (
    ENGINE,
    LOCALSTACK,
    NAMES,
    PRELOADED,
    START_SECONDS,
    TITLES,
    Say,
    log_shown,
)
from tidemark.local.ports import LOOPBACK, free_port
from tidemark.local.processes import MARK, Program
from tidemark.local.state import ProcessRecord, StateDirectory
from tidemark.options import Iam, Mode
from tidemark.progress import Progress

_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LS_LOG")
_MEGABYTE = 1024 * 1024
_SHOWN_LINES = 15


@dataclass(frozen=True, slots=True)
class Processes:
    """Runs an environment as processes; see `Backend`."""

    state: StateDirectory
    iam: Iam = Iam.ROLES
    mode = Mode.EMBEDDED
    place = "without Docker"
    sandbox = "process"

    @property
    def logs(self) -> str:
        return os.path.relpath(self.state.log(LOCALSTACK).parent)

    def prepare(self, progress: Progress) -> None:  # noqa: ARG002 - nothing to show
        for name in (*NAMES, *SERVICES):
            if not os.access(python_of(name), os.X_OK):
                raise CommandError(f"{python_of(name).relative_to(ROOT)} is missing: run make install")

    def start(self, port: int, progress: Progress) -> None:
        engine_port = free_port()
        answers = (
            lambda: _engine_answers(f"http://{LOOPBACK}:{engine_port}"),
            lambda: emulator.answers(f"http://{LOOPBACK}:{port}"),
        )
        self.run(programs(self.state, port, engine_port, os.environ, self.iam), answers, progress)

    def run(
        self, wanted: Sequence[Program], answers: Sequence[Callable[[], bool]], progress: Progress
    ) -> None:
        """Start programs, with the map of images, and wait until each answers."""
        self.state.write_functions(functions(self.state))
        records = [processes.start(program, self.state) for program in wanted]
        progress.say("starting " + ", ".join(f"{record.name} (pid {record.pid})" for record in records))
        for record, answer in zip(records, answers, strict=True):
            with log_shown(self, record.name):
                self._await(record, answer, progress)

    def _await(self, record: ProcessRecord, answers: Callable[[], bool], progress: Progress) -> None:
        def missing() -> str | None:
            if not processes.is_alive(record):
                raise CommandError(f"{TITLES[record.name]} ended while it was starting")
            return None if answers() else "it does not answer yet"

        progress.wait(TITLES[record.name], missing, seconds=START_SECONDS)

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
        memory = sum(processes.ask(it, lambda it: it.memory_info().rss, 0) for it in found) // _MEGABYTE
        return [*runs, ok("processes", f"{len(found)}, the functions' among them, {memory} MB of memory")]

    def end_of_log(self, name: str) -> str:
        log = self.state.log(name)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        return "\n".join([f"The end of {os.path.relpath(log)}:", *lines[-_SHOWN_LINES:]])

    def exposed(self) -> list[str]:
        listening = processes.listeners(processes.find(self.state))
        return [address for address in listening if not address.startswith(("127.", "::1:"))]

    def rebuild(self, service: str) -> str:  # noqa: ARG002 - a process runs the sources themselves
        return ""

    def require_debugger(self) -> None:
        """Do nothing: a debugger can attach to every process."""


def programs(
    state: StateDirectory, port: int, engine_port: int, environ: Mapping[str, str], iam: Iam = Iam.ROLES
) -> tuple[Program, ...]:
    """Return what to start, in the order of `NAMES`: LocalStack at a port, and the engine at another one."""
    listen = f"{LOOPBACK}:{port}"
    engine = {
        "SERVICES": "dynamodb",
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(engine_port),
        "IOT_MTLS_ENABLED": "0",  # or it opens a second port
        "LOG_LEVEL": "WARNING",
    }
    localstack = {
        "GATEWAY_LISTEN": listen,
        "LOCALSTACK_HOST": listen,  # the host in the URLs that it hands out, which needs no DNS then
        "LOCALSTACK_STATE_DIR": str(state.files_of(LOCALSTACK)),
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "IMAGE_LAMBDA_MAP": str(state.functions_file),
        "DYNAMODB_ENGINE_URL": f"http://{LOOPBACK}:{engine_port}",
        "PRELOAD_SERVICES": PRELOADED,
        "IAM_ENFORCEMENT": iam.value,
    }

    return (
        program(state, ENGINE, "ministack", {**kept(environ), **engine}),
        program(state, LOCALSTACK, "localstack_image_lambda", {**kept(environ), **localstack}),
    )


def program(
    state: StateDirectory, name: str, module: str, settings: Mapping[str, str], *, venv: str = ""
) -> Program:
    """Return the program that runs a module of a venv (default: that of its name) and keeps its files in the state directory."""
    home = str(state.files_of(name))
    base = {"HOME": home, "TMPDIR": home, "PYTHONUNBUFFERED": "1"}
    return Program(name, (str(python_of(venv or name)), "-m", module), {**base, **settings})


def kept(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what an emulator gets of a shell. A stray SERVICES=, AWS_PROFILE or proxy would change what it does."""
    return {variable: environ[variable] for variable in _KEPT if variable in environ}


def functions(state: StateDirectory) -> dict[str, dict[str, dict[str, object]]]:
    """Return the content of LocalStack's map of images: each service from its sources, in its own venv."""
    modules = {service: service.replace("-", "_") for service in SERVICES}
    return {
        "images": {
            repository(service): {
                "python": str(python_of(service)),
                "directory": str(ROOT / "services" / module),
                "handler": f"{module}.handler.handler",
                "environment": {MARK: str(state.root)},
            }
            for service, module in modules.items()
        }
    }


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


def python_of(name: str) -> Path:
    """Return the interpreter of the venv of this name in .venvs."""
    return ROOT / ".venvs" / name / "bin" / "python"


def _engine_answers(url: str) -> bool:
    try:
        return emulator.call("GET", f"{url}/_ministack/health", seconds=5)[0] == 200
    except ConnectionError:
        return False
