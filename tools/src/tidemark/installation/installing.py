"""Fills the virtual environments with a pinned uv, which pip fetches into a venv of its own.

Used on a bare Python (standard library only), before anything is installed.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tidemark.checkout import ROOT
from tidemark.errors import CommandError, Stopped, raise_on_signals
from tidemark.installation import settings, venvs
from tidemark.installation.jobs import Job, run_all, say
from tidemark.installation.venvs import UV_HOME, UV_VERSION, VENVS, Venv, base_python


def install(root: Path) -> list[Venv]:
    """Bring every venv up to date and return those that were not. Raises CommandError."""
    if not _stale(root):
        return []
    with _alone(root / ".venvs"):
        if stale := _stale(root):
            say(f"{len(stale)} environments to fill; the first time takes a minute or two")
            _fetch_uv(root)
            run_all([_sync_job(root, venv) for venv in stale])
        return stale


def _stale(root: Path) -> list[Venv]:
    return [venv for venv in VENVS if not venvs.is_current(root, venv)]


def _fetch_uv(root: Path) -> None:
    home = root / UV_HOME
    with contextlib.suppress(OSError):
        answer = subprocess.run(
            [home / "bin" / "uv", "--version"], capture_output=True, text=True, check=False
        )
        if answer.stdout.split()[1:2] == [UV_VERSION]:
            return
    flags = ["--quiet", "--disable-pip-version-check", "--no-input", "--retries=2", "--only-binary=uv"]
    what, log, python = f"uv {UV_VERSION}", _log(root, UV_HOME), str(home / "bin" / "python")
    Job(what, log, [[base_python(), "-m", "venv", "--clear", str(home)]], settings.kept(os.environ)).run()
    command = [python, "-m", "pip", "install", *flags, f"uv=={UV_VERSION}"]
    run_all([Job(what, log, [command], settings.for_pip(python, os.environ))])


def _sync_job(root: Path, venv: Venv) -> Job:
    uv = str(root / UV_HOME / "bin" / "uv")
    flags = ["--compile-bytecode"] if venv.compiled else []
    common = ["--no-progress", "--python", base_python(), "--project", venv.project]
    commands = (
        # Refuse a stale lock, whatever the user's uv.toml says. Then install the lock, whatever it says.
        [uv, "lock", "--check", "--no-config", *common],
        [uv, "sync", "--frozen", "--binary", *flags, *common, *venv.arguments],
    )
    environ = {
        **settings.kept(os.environ),
        "UV_PROJECT_ENVIRONMENT": str(root / venv.directory),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    within = venvs.filling(root, venv)
    return Job(venv.title, _log(root, venv.directory), commands, environ, within)


def _log(root: Path, directory: str) -> Path:
    log = root / ".venvs" / "log" / f"{Path(directory).name.lstrip('.')}.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    return log


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    directory.mkdir(exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another make is installing here; waiting for it")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def main() -> int:
    """Install, tell the user what happened, and return the exit code."""
    quiet = "--quiet" in sys.argv  # says nothing if there is nothing to do
    raise_on_signals()
    os.chdir(ROOT)
    try:
        changed = install(ROOT)
    except CommandError as error:
        say(str(error))
        return 1
    except Stopped as stopped:
        say(f"stopped by {stopped}; the next run begins the unfinished parts anew")
        return stopped.exit_code
    if not changed and not quiet:
        say(f"nothing to do, all {len(VENVS)} environments are up to date")
    return 0
