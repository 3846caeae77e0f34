"""Writes docs/transcript.md: the main job, own data, logs and teardown on a fresh clone of HEAD, cold, then warm; with the times.

    make transcript

No Docker, no Node and no uv are on PATH. Nothing of this machine but python3, make, git and what they call is used.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tidemark.local.ports import free_port

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "transcript.md"
HIDDEN = re.compile(r"docker.*|node|nodejs|npm|npx|uv|uvx|chromium.*")
COMMANDS = (
    "make local-up",
    "make e2e",
    "make demo DIR=docs",
    "make invoke FN=plotting",
    "make logs FN=size-tracking",
    "make reset",
    "make doctor",
    "make local-down",
    "make local-up  # warm",
    "make e2e  # warm",
    "make bench-latency",
    "make bench-reload",
    "make local-down  # warm",
)
"""Cold up to the first local-down: the first two are from clone to a green e2e."""
LONGEST_OUTPUT = 60
"""Lines of one command that the page shows; of a longer output it shows both ends."""


@dataclass(frozen=True)
class Ran:
    """A command, what it printed, its exit code, and how long it took (seconds)."""

    command: str
    output: str
    code: int
    seconds: float


@dataclass(frozen=True)
class Clone:
    """A fresh clone below a directory of its own, with a home and caches that were empty at first."""

    home: Path

    @property
    def root(self) -> Path:
        return self.home / "tidemark"

    def run(self, command: str) -> Ran:
        """Run a command in the clone, showing what it prints, and return it."""
        print(f"$ {command}", flush=True)
        began = time.monotonic()
        process = subprocess.Popen(
            ["sh", "-c", command],
            cwd=self.root,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        lines = []
        for line in process.stdout or []:
            print(line, end="", flush=True)
            lines.append(line)
        return Ran(command, "".join(lines), process.wait(), time.monotonic() - began)

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(
                ("AWS_ENDPOINT", "TIDEMARK", "JSII_NODE")
            )  # whoever clones has none of them
        }
        caches = {
            name: str(self.home / "cache") for name in ("XDG_CACHE_HOME", "UV_CACHE_DIR", "PIP_CACHE_DIR")
        }
        return {
            **kept,
            **caches,
            "HOME": str(self.home),
            "PATH": str(self.home / "bin"),
            "PORT": self._port(),
        }

    def _port(self) -> str:
        return (self.home / "port").read_text()


def fresh_clone(home: Path, port: int) -> Clone:
    """Clone HEAD, and make a PATH of everything but what is to be done without."""
    tools = home / "bin"
    tools.mkdir(parents=True)
    for directory in reversed(os.environ["PATH"].split(os.pathsep)):
        for tool in Path(directory).glob("*"):
            link = tools / tool.name
            if not HIDDEN.fullmatch(tool.name) and os.access(tool, os.X_OK) and tool.is_file():
                link.unlink(missing_ok=True)
                link.symlink_to(tool)
    python = tools / "python3"
    python.unlink(missing_ok=True)
    python.symlink_to(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
    (home / "port").write_text(str(port))
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(home / "tidemark")], check=True)
    return Clone(home)


def page(clone: Clone, ran: list[Ran], commit: str) -> str:
    """Return the page: one block a command, with its time."""
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    lines = [
        "# Transcript",
        "",
        (
            f"The main job on a fresh clone of `{commit}`, {today}: Python {platform.python_version()}, "
            f"{os.cpu_count()} cores, empty caches, no Docker and no Node on PATH. Written by `make transcript`."
        ),
        "",
        _clone_to_green(ran),
        "",
        "| command | time |",
        "|---|---|",
        *(f"| `{one.command}` | {one.seconds:.0f} s |" for one in ran),
    ]
    for one in ran:
        shown = _ends(_plain(one.output, clone).rstrip().splitlines())
        lines += ["", f"## `{one.command}`", "", "```text", *shown, "```"]
    return "\n".join(lines) + "\n"


def _clone_to_green(ran: list[Ran]) -> str:
    seconds = {one.command: one.seconds for one in ran}
    cold = seconds["make local-up"] + seconds["make e2e"]
    warm = seconds["make local-up  # warm"] + seconds["make e2e  # warm"]
    return f"From clone to a green `make e2e`: **{cold:.0f} s** cold, {warm:.0f} s warm."


def _plain(output: str, clone: Clone) -> str:
    """Return output without the clone's place on this machine."""
    for path, name in ((clone.root, "~/tidemark"), (clone.home, "~"), (ROOT, "~/origin")):
        output = output.replace(str(path), name)
    return re.sub(r"/(?:root|home|usr)/\S*/python3(?:\.\d+)?", "python3", output)


def _ends(lines: list[str]) -> list[str]:
    if len(lines) <= LONGEST_OUTPUT:
        return lines
    half = LONGEST_OUTPUT // 2
    return [*lines[:half], f"… {len(lines) - 2 * half} lines …", *lines[-half:]]


def main() -> int:
    """Run the commands; write the page if all of them passed, else say which did not."""
    home = Path(tempfile.mkdtemp(prefix="transcript-"))
    try:
        clone = fresh_clone(home, port=free_port())
        commit = clone.run("git rev-parse --short HEAD").output.strip()
        ran = []
        for command in COMMANDS:
            ran.append(clone.run(command))
            if ran[-1].code:
                clone.run("make local-down")
                print(
                    f"transcript: `{command}` failed ({ran[-1].code}): nothing was written", file=sys.stderr
                )
                return 1
        PAGE.write_text(page(clone, ran, commit))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    for one in ran:
        print(f"{one.seconds:6.1f} s  {one.command}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
