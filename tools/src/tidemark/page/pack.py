"""`make page`: packs the dashboard's sources into the one file that plotting serves.

What packs it comes from package-lock.json by the npm of the Node that is installed from PyPI. The packed file is
committed, so that neither the image's builder nor a machine that only runs Tidemark needs Node or npm.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from infra_cdk.node import npm_command, packaged_node, run_with
from tidemark.checkout import ROOT
from tidemark.errors import CommandError, run

SOURCES = ROOT / "services" / "plotting" / "page"
PACKED = ROOT / "services" / "plotting" / "src" / "plotting" / "page" / "index.html"
LOCK = SOURCES / "package-lock.json"
_LONGEST_SECONDS = 300


def pack(target: Path) -> None:
    """Pack the page into a file. Raises CommandError with what npm or the packer said."""
    install()
    _run([str(_node()), "pack.mjs", str(target)], "the page's packer")


def install() -> Path:
    """Have exactly what the lock names in node_modules, and return that directory. Raises CommandError."""
    modules = SOURCES / "node_modules"
    stamp, wanted = modules / "tidemark.stamp", sha256(LOCK.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        quietly = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        _run(npm_command(_node(), "ci", *quietly), "npm ci")
        stamp.write_text(wanted, encoding="utf-8")
    return modules


def is_packed() -> bool:
    """Return whether the committed page is what its sources and the lock give. Raises CommandError."""
    with tempfile.TemporaryDirectory(prefix="tidemark-page-") as directory:
        made = Path(directory) / "index.html"
        pack(made)
        return made.read_bytes() == PACKED.read_bytes()


def node_tests() -> int:
    """Run the tests of the page's pure parts on Node and return their exit code."""
    return subprocess.run([str(_node()), "--test"], cwd=SOURCES, check=False).returncode


def _node() -> Path:
    node = packaged_node()
    if node is None:
        raise CommandError("there is no Node in .venv: run make install")
    return node


def _run(command: Sequence[str], what: str) -> None:
    try:
        done = run_with(_node(), command, directory=SOURCES, seconds=_LONGEST_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"{what} took longer than {_LONGEST_SECONDS} s: check the network") from error
    if done.returncode != 0:
        raise CommandError(f"{what} failed with exit code {done.returncode}", details=done.stderr.strip())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="page", description="Pack the dashboard into one file.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if it is not packed")
    options = parser.parse_args(arguments)

    def command() -> int:
        if options.check:
            if not is_packed():
                raise CommandError(f"{PACKED.relative_to(ROOT)} is not what its sources give: run make page")
            return node_tests()
        pack(PACKED)
        print(f"page: {PACKED.relative_to(ROOT)}, {PACKED.stat().st_size:,} bytes")
        return 0

    return run("page", command)


if __name__ == "__main__":
    sys.exit(main())
