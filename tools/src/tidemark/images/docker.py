"""The docker command line, and what it says when it cannot be used."""

import os
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tidemark.errors import CommandError

GET_ONE = (
    "install one (Debian, Ubuntu: apt install docker.io; others: https://docs.docker.com/engine/install) "
    "and start it, or set DOCKER_HOST"
)
_KEPT_LINES = 40


class DockerError(CommandError):
    """There is no docker command, no engine behind it, or it failed; the message is docker's own last line."""


@dataclass(frozen=True, slots=True)
class Docker:
    """Runs docker with an environment, by default that of this process."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def require_engine(self) -> str:
        """Return the version of the engine that answers. Raises DockerError that says how to get one."""
        try:
            return self.output("version", "--format", "{{.Server.Version}}")
        except DockerError as error:
            if error.__cause__:
                raise
            raise DockerError(f"no Docker engine answers ({error}): {GET_ONE}") from None

    def endpoint(self) -> str:
        """Return the engine's address, whether a variable, a context or the default says it."""
        return self.environ.get("DOCKER_HOST") or self.output(
            "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"
        )

    def output(self, *arguments: str) -> str:
        """Run docker and return what it printed, stripped. Raises DockerError."""
        with _explained():
            done = subprocess.run(
                ["docker", *arguments], env=self.environ, capture_output=True, text=True, check=False
            )
        if done.returncode:
            raise DockerError(_last_line(done.stderr) or f"docker {arguments[0]} failed")
        return done.stdout.strip()

    def follow(self, arguments: list[str], heard: Callable[[str], None]) -> None:
        """Run docker and hand on each line it prints. Raises DockerError with the last lines of them."""
        last: deque[str] = deque(maxlen=_KEPT_LINES)
        with (
            _explained(),
            subprocess.Popen(
                ["docker", *arguments],
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process,
        ):
            for line in process.stdout or ():
                last.append(line.rstrip())
                heard(line.rstrip())
        if process.returncode:
            text = _last_line("\n".join(last)) or f"docker {arguments[0]} failed"
            raise DockerError(text, details="\n".join(last))


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DockerError(f"docker cannot be run ({error.strerror}): {GET_ONE}") from error


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
