"""A Docker engine and a base image for the tests, found or made: `python -m tests.docker.engine -- COMMAND`.

An engine that answers is used. On Debian, as root, one is installed and started for the time of the command. The
command finds it by DOCKER_HOST, and the base image, where python:3.13-slim cannot be had, by PYTHON_IMAGE.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.docker import stand_in
from tests.docker.daemon import private_daemon
from tests.docker.debian import fetch_compose_2, install, may_install, missing
from tests.docker.errors import SetupError
from tidemark.images.docker import GET_ONE, Docker, DockerError
from tidemark.images.recipes import NETWORK_VARIABLE

READY = "TIDEMARK_DOCKER_TESTS"
"""Set where an engine and a base image are promised: the Docker tests run then, and fail if they cannot."""

BASE = "python:3.13-slim"
COMPOSE_2 = "TIDEMARK_COMPOSE_2"
"""The DOCKER_CONFIG with which the docker command has Compose 2, where Compose 1.29 is what it finds without."""

_PROGRAMS = ("dockerd", "docker", "docker-registry", "docker-compose", "mmdebstrap", "ip")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Engine:
    """An engine that answers, the variables by which a command finds it, and whether it is there for us alone."""

    variables: Mapping[str, str]
    ours: bool


@contextmanager
def engine(say: Say, environ: Mapping[str, str] = os.environ) -> Iterator[Engine]:
    """Yield an engine with a base image for the time of the block; SetupError that says how to get one."""
    with ExitStack() as stack:
        docker = Docker(dict(environ))
        ours = not _answers(docker)
        if ours:
            docker = Docker({**environ, "DOCKER_HOST": stack.enter_context(_own(say))})
        say(f"engine {docker.require_engine()} at {docker.endpoint()}")
        variables = {"DOCKER_HOST": docker.endpoint(), READY: "1"}
        if ours:
            variables[NETWORK_VARIABLE] = "host"
            if not _has_compose_2():
                variables[COMPOSE_2] = stack.enter_context(_compose_2(say))
        variables["PYTHON_IMAGE"] = _base(docker, say)
        yield Engine(variables, ours)


@contextmanager
def _own(say: Say) -> Iterator[str]:
    if not may_install() and missing(_PROGRAMS):
        raise SetupError(f"no Docker engine answers: {GET_ONE}")
    if lacking := missing(_PROGRAMS):
        say(f"no Docker engine answers: installing {', '.join(lacking)}")
        install(lacking)
    if os.geteuid() != 0:
        raise SetupError("no Docker engine answers: start one (systemctl start docker), or set DOCKER_HOST")
    with private_daemon() as host:
        try:
            yield host
        finally:
            say("stopping the engine and removing its files")


def _has_compose_2() -> bool:
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


@contextmanager
def _compose_2(say: Say) -> Iterator[str]:
    say("getting Compose 2 beside docker-compose 1.29, to test with both")
    with tempfile.TemporaryDirectory(prefix="tidemark-compose-") as directory:
        fetch_compose_2(Path(directory))
        yield directory


def _base(docker: Docker, say: Say) -> str:
    """Return the base image to use: the one asked for, the real one, or a stand-in made here."""
    if asked := docker.environ.get("PYTHON_IMAGE"):
        return asked
    try:
        docker.output("image", "inspect", BASE)
    except DockerError:
        try:
            docker.output("pull", "--quiet", BASE)
        except DockerError as error:
            return _stand_in(docker, str(error), say)
    return BASE


def _stand_in(docker: Docker, why: str, say: Say) -> str:
    if missing(["mmdebstrap"]) or os.geteuid() != 0:
        raise SetupError(
            f"{BASE} cannot be pulled ({why}): set PYTHON_IMAGE to an image with Python 3.11 to 3.13 that the "
            "engine can get, or run this on Debian as root with mmdebstrap, which makes one"
        )
    began = time.monotonic()
    name = stand_in.build(docker.endpoint())
    say(f"{BASE} cannot be pulled; made {name} instead in {time.monotonic() - began:.0f} s")
    return name


def _answers(docker: Docker) -> bool:
    try:
        docker.require_engine()
    except DockerError:
        return False
    return True


def stop_on_signals() -> None:
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does, so that nothing it started stays."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command with an engine and return its exit code."""
    parser = argparse.ArgumentParser(prog="engine", description="Run a command with a Docker engine.")
    parser.add_argument("command", nargs="+", metavar="-- COMMAND")
    options = parser.parse_args(arguments)
    stop_on_signals()
    try:
        with engine(lambda line: print(f"engine: {line}", file=sys.stderr, flush=True)) as found:
            return subprocess.run(
                options.command, env={**os.environ, **found.variables}, check=False
            ).returncode
    except (SetupError, DockerError) as error:
        print(f"engine: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("engine: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
