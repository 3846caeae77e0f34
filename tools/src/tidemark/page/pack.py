"""`tidemark pack-page`: packs the dashboard's sources into the one file that plotting serves.

package-lock.json names what packs it, and the npm of the Node from PyPI installs that. The packed file is committed, so
that neither the image's builder nor a machine that only runs Tidemark needs Node or npm.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tidemark.checkout import ROOT
from tidemark.errors import CommandError
from tidemark.node import node, npm, npm_ci, run_node

SOURCES = ROOT / "services" / "plotting" / "page"
PACKED = ROOT / "services" / "plotting" / "src" / "plotting" / "page" / "index.html"


def pack(target: Path) -> None:
    """Pack the page into a file. Raises CommandError with the output of npm or of the packer."""
    install()
    done = run_node("pack.mjs", str(target), what="the page's packer", directory=SOURCES)
    if done.returncode:
        raise CommandError(f"the page's packer failed ({done.returncode})", details=done.stderr.strip())


def install() -> Path:
    """Install exactly what the lock names into node_modules, and return that directory. Raises CommandError."""
    npm_ci(SOURCES, "the page's packer")
    return SOURCES / "node_modules"


def command(
    *,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail unless all is well.")] = False,
) -> int:
    """Pack the dashboard into the one file that is served; with --check, see that it is, and lint and test its sources."""
    if not check:
        pack(PACKED)
        print(f"pack-page: {PACKED.relative_to(ROOT)}, {PACKED.stat().st_size:,} bytes")
        return 0
    with tempfile.TemporaryDirectory(prefix="tidemark-page-") as directory:
        packed = Path(directory) / "index.html"
        pack(packed)
        same = packed.read_bytes() == PACKED.read_bytes()
    if not same:
        raise CommandError(
            f"{PACKED.relative_to(ROOT)} is not what its sources give: run .venv/bin/tidemark pack-page"
        )
    lint = npm("run", "--silent", "lint", directory=SOURCES)
    if lint.returncode != 0:
        raise CommandError("eslint has findings in the page's sources", details=lint.stdout + lint.stderr)
    return subprocess.run([node(), "--test"], cwd=SOURCES, check=False).returncode
