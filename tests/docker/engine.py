"""Finds or starts a Docker engine and a base image for the tests.

An engine that answers is used. Otherwise, if the user allows it, one is installed on Debian as root and started for the
time of the tests. They find it by DOCKER_HOST, and the base image by PYTHON_IMAGE.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.docker import stand_in
from tests.docker.daemon import private_daemon
from tests.docker.debian import PACKAGES, fetch_compose_2, install, is_root_on_debian, missing
from tidemark.errors import CommandError
from tidemark.images.docker import Docker, DockerError
from tidemark.images.recipes import FUNCTIONS, NETWORK_VARIABLE

READY = "TIDEMARK_DOCKER_TESTS"
"""Set if there is an engine with a base image. The Docker tests then run, and fail if they cannot."""

BASE = "python:3.13-slim"
COMPOSE_2 = "TIDEMARK_COMPOSE_2"
"""A DOCKER_CONFIG that gives the docker command Compose 2, if only Compose 1.29 is installed."""

PLUGIN_TESTS = {"IMAGE_LAMBDA_TEST_IMAGE": FUNCTIONS[0].name}
"""The plugin's tests run functions in containers of this image."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Engine:
    """An engine that answers, the variables by which a command finds it, and whether we started it."""

    variables: Mapping[str, str]
    ours: bool


@contextmanager
def engine(say: Say, *, may_install: bool) -> Iterator[Engine]:
    """Yield an engine with a base image until the block ends. Raises CommandError that says how to get one."""
    with ExitStack() as stack:
        docker = Docker(dict(os.environ))
        ours = not _answers(docker)
        if ours:
            _require_programs(say, may_install=may_install)
            stack.callback(say, "stopped the engine and removed its files")
            docker = Docker({**os.environ, "DOCKER_HOST": stack.enter_context(private_daemon())})
        say(f"engine {docker.require_engine()} at {docker.endpoint()}")
        variables = {"DOCKER_HOST": docker.endpoint(), READY: "1", **PLUGIN_TESTS}
        if ours:
            variables[NETWORK_VARIABLE] = "host"
            if not _has_compose_2():
                variables[COMPOSE_2] = stack.enter_context(_compose_2(say))
        variables["PYTHON_IMAGE"] = _base(docker, say)
        yield Engine(variables, ours)


def _answers(docker: Docker) -> bool:
    try:
        docker.require_engine()
    except DockerError:
        return False
    return True


def _require_programs(say: Say, *, may_install: bool) -> None:
    """Install what an engine of our own needs, if the user allows it. Raises CommandError."""
    lacking = missing(PACKAGES)
    packages = ", ".join(PACKAGES[program] for program in lacking)
    if not may_install:
        first = f"installs {packages} with apt-get, and then " if packages else ""
        raise CommandError(
            "no Docker engine answers: start one, or set DOCKER_HOST; or, on Debian as root, add INSTALL=1, which "
            f"{first}starts an engine for the time of the tests"
        )
    if not is_root_on_debian():
        raise CommandError(
            "no Docker engine answers, and INSTALL=1 works on Debian as root only: start one, or set DOCKER_HOST"
        )
    if packages:
        say(f"no Docker engine answers: installing {packages}")
        install(lacking)


def _has_compose_2() -> bool:
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


@contextmanager
def _compose_2(say: Say) -> Iterator[str]:
    say("getting Compose 2 to test with it as well as with docker-compose 1.29")
    with tempfile.TemporaryDirectory(prefix="tidemark-compose-") as directory:
        fetch_compose_2(Path(directory))
        yield directory


def _base(docker: Docker, say: Say) -> str:
    """Return the base image: the one in PYTHON_IMAGE, the real one, or a stand-in that is made here."""
    if named := docker.environ.get("PYTHON_IMAGE"):
        return named
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
        raise CommandError(
            f"{BASE} cannot be pulled ({why}): set PYTHON_IMAGE to an image with Python 3.11 to 3.13 that the "
            "engine can get, or run this on Debian as root with mmdebstrap, which makes one"
        )
    began = time.monotonic()
    name = stand_in.build(docker.endpoint())
    say(f"{BASE} cannot be pulled; made {name} instead in {time.monotonic() - began:.0f} s")
    return name
