"""Writes docs/transcript.md: the main commands on a fresh clone of HEAD, cold and then warm, with their output and times.

    python -m tests.bench.transcript

The commands have no Docker, Node or uv on PATH, an empty home, and empty caches.
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

from tests.bench.report import ROOT, table
from tidemark.local.ports import free_port

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
"""Cold up to the first local-down. A comment makes the warm ones different."""
MAX_LINES = 60
"""Maximum number of lines that the page shows per command. It shows both ends of a longer output."""


@dataclass(frozen=True)
class Ran:
    """A command, its output, its exit code, and its seconds."""

    command: str
    output: str
    code: int
    seconds: float


@dataclass(frozen=True)
class Clone:
    """A fresh clone in a home directory of its own, which also holds the caches."""

    home: Path
    port: int

    @property
    def root(self) -> Path:
        return self.home / "tidemark"

    def run(self, command: str) -> Ran:
        """Run a command in the clone and show its output."""
        print(f"$ {command}", flush=True)
        ours = ("AWS_ENDPOINT", "TIDEMARK", "JSII_NODE", "PORT")  # a user's shell has none of these
        environ = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        environ |= dict.fromkeys(
            ("XDG_CACHE_HOME", "UV_CACHE_DIR", "PIP_CACHE_DIR"), str(self.home / "cache")
        )
        environ |= {"HOME": str(self.home), "PATH": str(self.home / "bin")}
        script = command.replace("make local-up", f"make local-up PORT={self.port}")
        began, lines = time.monotonic(), []
        with subprocess.Popen(
            ["sh", "-c", script],
            cwd=self.root,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            for line in process.stdout or []:
                print(line, end="", flush=True)
                lines.append(line)
        return Ran(command, "".join(lines), process.returncode, time.monotonic() - began)


def fresh_clone(home: Path, port: int) -> Clone:
    """Clone HEAD, and make a PATH without the hidden tools."""
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
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(home / "tidemark")], check=True)
    return Clone(home, port)


def page(clone: Clone, ran: list[Ran], commit: str) -> str:
    """Return the page: a table of times, and one block per command."""
    blocks = (
        "\n".join(
            [
                f"## `{one.command}`",
                "",
                "```text",
                *_ends(_plain(one.output, clone).rstrip().splitlines()),
                "```",
            ]
        )
        for one in ran
    )
    times = table(("command", "time"), ((f"`{one.command}`", f"{one.seconds:.0f} s") for one in ran))
    head = f"""# Transcript

The main commands on a fresh clone of `{commit}`, {datetime.now(UTC):%Y-%m-%d}: Python {platform.python_version()}, {os.cpu_count()} cores, empty caches, no Docker and
no Node on PATH. Written by `python -m tests.bench.transcript`.

{_clone_to_green(ran)}

{times}"""
    return "\n\n".join([head, *blocks]) + "\n"


def _clone_to_green(ran: list[Ran]) -> str:
    seconds = {one.command: one.seconds for one in ran}
    cold = seconds["make local-up"] + seconds["make e2e"]
    warm = seconds["make local-up  # warm"] + seconds["make e2e  # warm"]
    return f"From clone to a green `make e2e`: **{cold:.0f} s** cold, {warm:.0f} s warm."


def _plain(output: str, clone: Clone) -> str:
    """Return output without the paths of this machine."""
    for path, name in ((clone.root, "~/tidemark"), (clone.home, "~"), (ROOT, "~/origin")):
        output = output.replace(str(path), name)
    return re.sub(r"/(?:root|home|usr)/\S*/python3(?:\.\d+)?", "python3", output)


def _ends(lines: list[str]) -> list[str]:
    if len(lines) <= MAX_LINES:
        return lines
    half = MAX_LINES // 2
    return [*lines[:half], f"… {len(lines) - 2 * half} lines …", *lines[-half:]]


def main() -> int:
    """Run the commands and write the page, unless a command fails."""
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
