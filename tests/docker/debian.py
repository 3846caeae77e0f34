"""Installs Debian packages that the tests need, without starting their services."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tidemark.errors import CommandError

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
_WITH_COMPOSE_2 = "trixie"
"""The first release whose docker-compose is Compose 2, as a plugin of the docker command."""


def missing(programs: Iterable[str]) -> list[str]:
    """Return the programs that are not on PATH."""
    return [program for program in programs if not shutil.which(program)]


def is_root_on_debian() -> bool:
    """Say whether this is a Debian machine and we are root."""
    return os.geteuid() == 0 and Path("/etc/debian_version").exists() and bool(shutil.which("apt-get"))


def codename() -> str:
    """Return the name of this machine's Debian release. Raises CommandError."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    names = [line.partition("=")[2].strip('"') for line in lines if line.startswith("VERSION_CODENAME=")]
    if not names:
        raise CommandError("/etc/os-release names no Debian release")
    return names[0]


def install(programs: Iterable[str]) -> None:
    """Install the packages of missing programs. Raises CommandError."""
    _apt("update", "-q")
    for program in programs:
        if shutil.which(program):  # an earlier package may have brought it
            continue
        with _no_service_starts():
            _apt("install", "-y", "-q", "--no-install-recommends", PACKAGES[program])


def fetch_compose_2(directory: Path) -> None:
    """Put Compose 2 from a later Debian into a directory that serves as DOCKER_CONFIG. Raises CommandError.

    It installs nothing and changes no package list of this machine, because apt works on settings and files of its own.
    """
    files = directory / "apt"
    for path in ("lists/partial", "archives/partial"):
        (files / path).mkdir(parents=True)
    (files / "status").touch()
    (files / "sources.list").write_text(
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian "
        f"{_WITH_COMPOSE_2} main\n",
        encoding="ascii",
    )
    (files / "apt.conf").write_text(
        f'Dir::Etc::SourceList "{files}/sources.list"; Dir::Etc::SourceParts "/dev/null";\n'
        f'Dir::State::Lists "{files}/lists"; Dir::State::Status "{files}/status";\n'
        f'Dir::Cache "{files}"; Dir::Cache::Archives "{files}/archives"; APT::Sandbox::User "root";\n',
        encoding="ascii",
    )
    _apt("update", "-q", settings=files / "apt.conf")
    _apt("download", "-q", "docker-compose", settings=files / "apt.conf", directory=files)
    (package,) = files.glob("docker-compose_*.deb")
    subprocess.run(["dpkg", "-x", package, files / "unpacked"], check=True)
    plugins = directory / "cli-plugins"
    plugins.mkdir()
    shutil.move(next((files / "unpacked").rglob("cli-plugins/docker-compose")), plugins)
    shutil.rmtree(files)


def _apt(*arguments: str, settings: Path | None = None, directory: Path | None = None) -> None:
    own = {"APT_CONFIG": str(settings)} if settings else {}
    done = subprocess.run(
        ["apt-get", *arguments],
        env={**os.environ, **own, "DEBIAN_FRONTEND": "noninteractive"},
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"apt-get {' '.join(arguments)} failed: {done.stdout.strip().splitlines()[-1]}")


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Prevent Debian's packages from starting services. The tests start and stop what they need."""
    ours = not _POLICY.exists()
    if ours:
        _POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        _POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            _POLICY.unlink()
