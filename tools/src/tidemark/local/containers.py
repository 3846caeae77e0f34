"""The environment in Docker: docker-compose.yml's services, and the containers that LocalStack starts for functions.

The counterpart of embedded.py: whether it can be, how it starts, what of it runs, and how nothing of it stays.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tidemark.errors import CommandError
from tidemark.images.docker import Docker, DockerError
from tidemark.local import compose
from tidemark.local.embedded import LOCALSTACK, PRELOADED, TITLES
from tidemark.local.engine import Engine
from tidemark.local.state import ComposeRecord, StateDirectory

_PROJECT_LABEL = "com.docker.compose.project"
_SERVICE_LABEL = "com.docker.compose.service"
_STOP_SECONDS = 15
_SHOWN_LINES = 15


@dataclass(frozen=True, slots=True)
class Containers:
    """The containers of one environment, on the engine that its record names."""

    record: ComposeRecord
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def docker(self) -> Docker:
        """The docker command, talking to the recorded engine."""
        return Docker({**self.environ, "DOCKER_HOST": self.record.docker_host})

    def states(self) -> dict[str, str]:
        """Return what the engine says of each service that it has: `running`, `healthy`, `exited`… CommandError."""
        line = f'{{{{.Label "{_SERVICE_LABEL}"}}}} {{{{.State}}}} {{{{.Status}}}}'
        found = {}
        for row in self._lines("ps", "--all", *self._of_project(), "--format", line):
            service, state, status = row.split(" ", 2)
            found[service] = "healthy" if "(healthy)" in status else state
        return found

    def count(self) -> int:
        """Return how many containers there are, the functions' among them. CommandError."""
        return len(self._all())

    def functions(self) -> int:
        """Return how many containers LocalStack has started for functions. CommandError."""
        return len(set(self._all()) - set(self._lines("ps", "--all", "--quiet", *self._of_project())))

    def log(self, service: str) -> str:
        """Return the end of a service's log."""
        for container in self._of_service(service):
            try:
                command = ["docker", "logs", "--tail", str(_SHOWN_LINES), container]
                done = subprocess.run(
                    command, env=self.docker.environ, capture_output=True, text=True, check=False
                )
            except OSError:
                continue
            return f"The end of {TITLES[service]}'s log:\n{(done.stdout + done.stderr).strip()}"
        return ""

    def stop(self) -> int:
        """Remove every container and the network; return how many containers there were. CommandError if any is left."""
        before = self._all()
        for container in self._of_service(LOCALSTACK):  # it ends its functions itself
            self._quietly("stop", "--time", str(_STOP_SECONDS), container)
        if left := self._all():
            self._quietly("rm", "--force", "--volumes", *left)
        self._quietly("network", "rm", self.record.project)
        if left := self._all():
            raise CommandError(f"containers cannot be removed: docker rm -f {' '.join(left)}")
        return len(before)

    def _all(self) -> list[str]:
        ours = self._lines("ps", "--all", "--quiet", *self._of_project())
        beside = self._lines("ps", "--all", "--quiet", "--filter", f"network={self.record.project}")
        return sorted({*ours, *beside})

    def _of_project(self) -> tuple[str, str]:
        return "--filter", f"label={_PROJECT_LABEL}={self.record.project}"

    def _of_service(self, service: str) -> list[str]:
        wanted = ("--filter", f"label={_SERVICE_LABEL}={service}")
        return self._lines("ps", "--all", "--quiet", *self._of_project(), *wanted)

    def _lines(self, *arguments: str) -> list[str]:
        try:
            return self.docker.output(*arguments).splitlines()
        except DockerError as error:
            raise CommandError(f"the engine at {self.record.docker_host} is needed: {error}") from error

    def _quietly(self, *arguments: str) -> None:
        try:
            self.docker.output(*arguments)
        except DockerError:
            return  # it is gone already, or `stop` says what is left


def of(state: StateDirectory) -> Containers | None:
    """Return the containers of an environment, or None if it does not run in Docker."""
    record = state.compose()
    return Containers(record) if record else None


def stop(state: StateDirectory) -> int:
    """Remove what an environment has in Docker, if anything; return how many containers there were. CommandError."""
    containers = of(state)
    return containers.stop() if containers else 0


def build(root: Path, engine: Engine, say: Callable[[str], None], environ: Mapping[str, str]) -> None:
    """Build the images, all but what changed from the engine's cache. Raises CommandError."""
    say("building the images (from the cache, where nothing changed)")
    command = [sys.executable, "-m", "tidemark.images.build", "--target", "local"]
    done = subprocess.run(
        command,
        cwd=root,
        env={**environ, "DOCKER_HOST": engine.host},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        *details, last = done.stdout.strip().splitlines() or ["make images failed"]
        raise CommandError(last.removeprefix("images: "), details="\n".join(details[-_SHOWN_LINES:]))


def start(
    root: Path, state: StateDirectory, engine: Engine, port: int, environ: Mapping[str, str]
) -> Containers:
    """Start the services in the background and return their containers. Raises CommandError."""
    project = "tidemark-" + hashlib.sha256(str(state.root).encode()).hexdigest()[:10]
    record = ComposeRecord(project, engine.host)
    state.record_compose(record)
    containers = Containers(record, environ)
    containers.stop()  # what an earlier one that was never finished has left
    command = compose.command(environ)
    settings = {
        "DOCKER_HOST": engine.host,
        "DOCKER_SOCKET": engine.socket,
        "DOCKER_GID": str(Path(engine.socket).stat().st_gid),
        "PORT": str(port),
        "TIDEMARK_NETWORK": project,
        "PRELOAD_SERVICES": PRELOADED,
    }
    done = subprocess.run(
        [*command, "--project-name", project, "--file", str(root / "docker-compose.yml"), "up", "--detach"],
        env={**environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"{' '.join(command)} up failed", details=(done.stdout + done.stderr).strip())
    return containers
