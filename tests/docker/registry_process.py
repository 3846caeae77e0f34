"""Runs a real registry on the loopback interface that demands a login: Debian's docker-registry."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.docker.serving import serving
from tidemark.errors import CommandError
from tidemark.local.ports import free_port

USER, PASSWORD = "AWS", "ministack-auth-token"
"""The login that the emulated ECR gives to everybody. Only the registry of these tests accepts it."""

_HTPASSWD = "AWS:$2b$05$abcdefghijklmnopqrstuuFFQ5DfMj2V4Jq9Io6PVWpPfmII0G5FG\n"


@dataclass(frozen=True)
class RunningRegistry:
    """A registry: its host with the port, its directory and its log."""

    host: str
    storage: Path
    log: Path

    def uploads(self) -> int:
        """Return the number of writing requests so far."""
        methods = [f"http.request.method={method}" for method in ("PUT", "POST", "PATCH")]
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return sum(any(method in line for method in methods) for line in lines)

    def stored(self) -> set[str]:
        """Return the digests of everything that it stores."""
        blobs = self.storage / "docker" / "registry" / "v2" / "blobs" / "sha256"
        return {f"sha256:{data.parent.name}" for data in blobs.glob("*/*/data")}


@contextmanager
def registry(home: Path) -> Iterator[RunningRegistry]:
    """Run a registry until the block ends. All its files are below `home`. Raises CommandError."""
    program = "docker-registry"
    if not shutil.which(program):
        raise CommandError(f"{program} is not on PATH: install it (Debian, Ubuntu: apt install {program})")
    running = RunningRegistry(f"127.0.0.1:{free_port()}", home / "storage", home / "registry.log")
    running.storage.mkdir(parents=True)
    (home / "htpasswd").write_text(_HTPASSWD, encoding="ascii")
    (home / "config.yml").write_text(_config(running, home / "htpasswd"), encoding="utf-8")
    command = [program, "serve", str(home / "config.yml")]
    with serving(command, running.log, lambda: _demands_a_login(running.host)):
        yield running


def _config(running: RunningRegistry, passwords: Path) -> str:
    return f"""version: 0.1
log: {{level: info, formatter: text}}
storage: {{filesystem: {{rootdirectory: "{running.storage}"}}}}
auth: {{htpasswd: {{realm: tests, path: "{passwords}"}}}}
http: {{addr: "{running.host}"}}
"""


def _demands_a_login(host: str) -> bool:
    try:
        return requests.get(f"http://{host}/v2/", timeout=5).status_code == 401
    except requests.ConnectionError:
        return False
