"""What a Debian machine lacks for the tests, from its own packages; none of their services is started."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.docker.errors import SetupError

PACKAGES = {
    "dockerd": "docker.io",
    "docker": "docker-cli",  # part of docker.io before Debian 13
    "docker-compose": "docker-compose",
    "docker-registry": "docker-registry",
    "mmdebstrap": "mmdebstrap",
    "ip": "iproute2",
}
"""The package of each program."""

_POLICY = Path("/usr/sbin/policy-rc.d")


def missing(programs: Iterable[str]) -> list[str]:
    """Return the programs that are not on PATH."""
    return [program for program in programs if not shutil.which(program)]


def may_install() -> bool:
    """Whether this is a Debian machine and we are root."""
    return os.geteuid() == 0 and Path("/etc/debian_version").exists() and bool(shutil.which("apt-get"))


def codename() -> str:
    """Return the name of this machine's Debian release; SetupError where there is none."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    names = [line.partition("=")[2].strip('"') for line in lines if line.startswith("VERSION_CODENAME=")]
    if not names:
        raise SetupError("/etc/os-release names no Debian release")
    return names[0]


def install(programs: Iterable[str]) -> list[str]:
    """Install the packages of the programs that are missing and return those packages; SetupError."""
    installed: list[str] = []
    _apt("update", "-q")
    for program in programs:
        if shutil.which(program):  # an earlier package may have brought it
            continue
        with _no_service_starts():
            _apt("install", "-y", "-q", "--no-install-recommends", PACKAGES[program])
        installed.append(PACKAGES[program])
    return installed


def _apt(*arguments: str) -> None:
    done = subprocess.run(
        ["apt-get", *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SetupError(f"apt-get {' '.join(arguments)} failed: {done.stdout.strip().splitlines()[-1]}")


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Have Debian's packages start nothing: what the tests need they start themselves, and stop."""
    ours = not _POLICY.exists()
    if ours:
        _POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        _POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            _POLICY.unlink()
