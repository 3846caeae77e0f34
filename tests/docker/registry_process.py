"""A real registry on the loopback interface that demands a login: Debian's docker-registry."""

import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.docker.errors import SetupError
from tidemark.local.ports import free_port

USER, PASSWORD = "AWS", "ministack-auth-token"
"""What the emulated ECR gives everybody; nothing but a registry of these tests takes it."""

_HTPASSWD = "AWS:$2b$05$abcdefghijklmnopqrstuuFFQ5DfMj2V4Jq9Io6PVWpPfmII0G5FG\n"
_START_SECONDS = 30.0


@dataclass(frozen=True)
class RunningRegistry:
    """A registry's host with its port, the directory that it stores in, and its log."""

    host: str
    storage: Path
    log: Path

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
            _wait_until_it_answers(process, running)
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


def _wait_until_it_answers(process: subprocess.Popen[bytes], running: RunningRegistry) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://{running.host}/v2/", timeout=5)
        except urllib.error.HTTPError as error:
            if error.code == 401:  # it demands a login, as it should
                return
        except OSError:
            time.sleep(0.1)
    tail = "\n".join(running.log.read_text(errors="replace").splitlines()[-5:])
    raise SetupError(f"docker-registry did not start as a registry with a login; its log ends:\n{tail}")
