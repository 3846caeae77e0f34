"""The environment in Docker: docker-compose.yml's services, and the containers that LocalStack starts for functions."""
# ruff: noqa: D102 - Backend documents these methods

import hashlib
import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tidemark.aws import emulator
from tidemark.checkout import ROOT
from tidemark.checks import Check, ok
from tidemark.errors import CommandError
from tidemark.images import build
from tidemark.images.docker import Docker, DockerError
from tidemark.local import compose, processes
from tidemark.local.backend import LOCALSTACK, NAMES, PRELOADED, START_SECONDS, TITLES, Say, log_shown
from tidemark.local.engine import SOCKET_SCHEME
from tidemark.local.ports import LOOPBACK
from tidemark.local.state import ComposeRecord, StateDirectory
from tidemark.options import Iam, Mode
from tidemark.progress import Progress

_PROJECT_LABEL = "com.docker.compose.project"
_SERVICE_LABEL = "com.docker.compose.service"
_STOP_SECONDS = 15
_SHOWN_LINES = 15


@dataclass(frozen=True, slots=True)
class Containers:
    """Runs an environment in containers of the engine that its record names; see `Backend`."""

    state: StateDirectory
    record: ComposeRecord
    iam: Iam = Iam.ROLES
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    mode = Mode.DOCKER
    place = "in Docker"
    sandbox = "container"

    @classmethod
    def new(cls, state: StateDirectory, docker_host: str, iam: Iam) -> "Containers":
        """Return what can start an environment on an engine; nothing is recorded yet."""
        project = "tidemark-" + hashlib.sha256(str(state.root).encode()).hexdigest()[:10]
        return cls(state, ComposeRecord(project, docker_host), iam)

    @property
    def docker(self) -> Docker:
        """The docker command, talking to the recorded engine."""
        return Docker({**self.environ, "DOCKER_HOST": self.record.docker_host})

    @property
    def logs(self) -> str:
        return f"docker --host {self.record.docker_host} logs {self.record.project}..., docker ps shows the names"

    def prepare(self, progress: Progress) -> None:
        compose.command(self.environ)
        progress.say("building the images (unchanged ones come from the cache)")
        build.build_all((), self.docker, progress, target="local")

    def start(self, port: int, progress: Progress) -> None:
        self.state.record_compose(self.record)
        self._remove()  # what an earlier one that was never finished has left
        command = compose.command(self.environ)
        file = str(ROOT / "docker-compose.yml")
        done = subprocess.run(
            [*command, "--project-name", self.record.project, "--file", file, "up", "--detach"],
            env={**self.environ, **self._settings(port)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandError(f"{' '.join(command)} up failed", details=(done.stdout + done.stderr).strip())
        progress.say(f"starting {', '.join(NAMES)} in containers ({self.record.project})")
        for name in NAMES:
            with log_shown(self, name):
                self._await(name, f"http://{LOOPBACK}:{port}" if name == LOCALSTACK else "", progress)

    def _settings(self, port: int) -> dict[str, str]:
        socket = self.record.docker_host.removeprefix(SOCKET_SCHEME)
        return {
            "DOCKER_HOST": self.record.docker_host,
            "DOCKER_SOCKET": socket,
            "DOCKER_GID": str(Path(socket).stat().st_gid),
            "PORT": str(port),
            "TIDEMARK_NETWORK": self.record.project,
            "PRELOAD_SERVICES": PRELOADED,
            "IAM_ENFORCEMENT": self.iam.value,
        }

    def _await(self, name: str, endpoint: str, progress: Progress) -> None:
        """Wait until a container is healthy, or until its endpoint answers, which shows earlier."""

        def missing() -> str | None:
            state = self.states().get(name)
            if state in {None, "exited", "dead"}:
                raise CommandError(f"{TITLES[name]} ended while it was starting")
            well = state == "healthy" or (endpoint and emulator.answers(endpoint))
            return None if well else "it does not answer yet"

        progress.wait(TITLES[name], missing, seconds=START_SECONDS)

    def stop(self, say: Say) -> str:
        processes.stop_all(self.state, say)  # a synth that was interrupted
        removed = self._remove()
        return (
            f"{removed} containers removed, no container, no network and no port is left" if removed else ""
        )

    def _remove(self) -> int:
        before = self.containers()
        for container in self._of_service(LOCALSTACK):  # it ends its functions itself
            self._quietly("stop", "--time", str(_STOP_SECONDS), container)
        if left := self.containers():
            self._quietly("rm", "--force", "--volumes", *left)
        self._quietly("network", "rm", self.record.project)
        if left := self.containers():
            raise CommandError(f"containers cannot be removed: docker rm -f {' '.join(left)}")
        return len(before)

    def faults(self) -> list[str]:
        return faults(self.states())

    def checks(self) -> list[Check]:
        states, functions = self.states(), self.functions()
        runs = [ok(name, f"{TITLES[name]}, container {states[name]}") for name in NAMES]
        return [
            *runs,
            ok("functions", f"{functions} containers of them now, network {self.record.project}"),
        ]

    def end_of_log(self, name: str) -> str:
        for container in self._of_service(name):
            command = ["docker", "logs", "--tail", str(_SHOWN_LINES), container]
            done = subprocess.run(
                command, env=self.docker.environ, capture_output=True, text=True, check=False
            )
            return f"The end of {TITLES[name]}'s log:\n{(done.stdout + done.stderr).strip()}"
        return ""

    def exposed(self) -> list[str]:
        return []  # the engine's processes are not ours to see

    def rebuild(self, service: str) -> str:
        try:
            build.build_all([service], self.docker, Progress(), target="local")
        except CommandError as error:
            raise CommandError(
                f"the image of {service} was not built ({error}), so the one before it runs on",
                details=error.details,
            ) from error
        return "the image is built again, "

    def require_debugger(self) -> None:
        raise CommandError(
            "DEBUG= attaches to processes, and in Docker there are none: MODE=embedded make local-up"
        )

    def states(self) -> dict[str, str]:
        """Return what the engine says of each service that it has: `running`, `healthy`, `exited`… CommandError."""
        line = f'{{{{.Label "{_SERVICE_LABEL}"}}}} {{{{.State}}}} {{{{.Status}}}}'
        rows = (row.split(" ", 2) for row in self._ps(self._ours, "--format", line))
        return {service: "healthy" if "(healthy)" in status else state for service, state, status in rows}

    def containers(self) -> list[str]:
        """Return the ids of all containers, the functions' among them. CommandError."""
        beside = self._ps(f"network={self.record.project}", "--quiet")
        return sorted({*self._ps(self._ours, "--quiet"), *beside})

    def functions(self) -> int:
        """Return how many containers LocalStack has started for functions. CommandError."""
        return len(self.containers()) - len(self._ps(self._ours, "--quiet"))

    @property
    def _ours(self) -> str:
        return f"label={_PROJECT_LABEL}={self.record.project}"

    def _of_service(self, service: str) -> list[str]:
        return self._ps(self._ours, "--quiet", "--filter", f"label={_SERVICE_LABEL}={service}")

    def _ps(self, selection: str, *arguments: str) -> list[str]:
        try:
            return self.docker.output("ps", "--all", "--filter", selection, *arguments).splitlines()
        except DockerError as error:
            raise CommandError(f"the engine at {self.record.docker_host} is needed: {error}") from error

    def _quietly(self, *arguments: str) -> None:
        with suppress(DockerError):  # it is gone already, or `stop` says what is left
            self.docker.output(*arguments)


def faults(states: Mapping[str, str]) -> list[str]:
    """Return what is wrong, from what the engine says of each service."""
    return [
        f"{TITLES[name]}'s container is {states.get(name, 'gone')}"
        for name in NAMES
        if states.get(name) not in {"running", "healthy"}
    ]
