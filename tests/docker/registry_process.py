"""A real registry on the loopback interface that demands a login: Debian's docker-registry."""

import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.docker.errors import SetupError
from tests.waiting import until_it_answers
from tidemark.local.ports import free_port

USER, PASSWORD = "AWS", "ministack-auth-token"
"""What the emulated ECR gives everybody; nothing but a registry of these tests takes it."""

_HTPASSWD = "AWS:$2b$05$abcdefghijklmnopqrstuuFFQ5DfMj2V4Jq9Io6PVWpPfmII0G5FG\n"


@dataclass(frozen=True)
class RunningRegistry:
    """A registry's host with its port, the directory that it stores in, and its log."""

    host: str
    storage: Path
    log: Path

    def demands_login(self) -> bool:
        """Whether it answers, and lets nobody in without a login."""
        try:
            urllib.request.urlopen(f"http://{self.host}/v2/", timeout=5)
        except urllib.error.HTTPError as error:
            return error.code == 401
        except OSError:
            pass
        return False

    def uploads(self) -> int:
        """Return how many requests it has got that write."""
        methods = ("http.request.method=PUT", "http.request.method=POST", "http.request.method=PATCH")
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return sum(any(method in line for method in methods) for line in lines)

    def stored(self) -> set[str]:
        """Return the digests of everything that it stores: each content once."""
        blobs = self.storage / "docker" / "registry" / "v2" / "blobs" / "sha256"
        return {f"sha256:{data.parent.name}" for data in blobs.glob("*/*/data")}


@contextmanager
def registry(home: Path) -> Iterator[RunningRegistry]:
    """Run a registry as long as the block lasts, everything of it below a directory; SetupError."""
    if not shutil.which("docker-registry"):
        raise SetupError(
            "docker-registry is not on PATH: install it (Debian, Ubuntu: apt install docker-registry)"
        )
    running = RunningRegistry(f"127.0.0.1:{free_port()}", home / "storage", home / "registry.log")
    running.storage.mkdir(parents=True)
    (home / "htpasswd").write_text(_HTPASSWD, encoding="ascii")
    (home / "config.yml").write_text(_config(running, home / "htpasswd"), encoding="utf-8")
    with running.log.open("wb") as log:
        process = subprocess.Popen(
            ["docker-registry", "serve", str(home / "config.yml")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            if why := until_it_answers(
                process, running.demands_login, what="docker-registry", log=running.log
            ):
                raise SetupError(why)
            yield running
        finally:
            process.terminate()
            process.wait(10)


def _config(running: RunningRegistry, passwords: Path) -> str:
    return f"""version: 0.1
log: {{level: info, formatter: text}}
storage: {{filesystem: {{rootdirectory: "{running.storage}"}}}}
auth: {{htpasswd: {{realm: tests, path: "{passwords}"}}}}
http: {{addr: "{running.host}"}}
"""
