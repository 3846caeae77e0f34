"""The virtual environments of the repository, and whether each still fits the lock it was made from.

Used on a bare Python (standard library only), before anything is installed.
"""

import contextlib
import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tidemark.installation.jobs import UntouchedError

UV_VERSION = "0.13.8"
UV_HOME = ".venvs/uv"

_WORKSPACE = ("pyproject.toml", "uv.lock", "*/pyproject.toml", "services/*/pyproject.toml")


@dataclass(frozen=True, slots=True)
class Venv:
    """One virtual environment: where it is, the project with its lock, and the files (globs) that decide its content.

    `compiled` ones get all bytecode at once, for the sake of cold starts. The others compile what they import.
    """

    title: str
    directory: str
    inputs: tuple[str, ...]
    project: str = "."
    arguments: tuple[str, ...] = ()
    compiled: bool = True


def _project(title: str, name: str) -> Venv:
    project = f"images/{name}"
    return Venv(title, f".venvs/{name}", (f"{project}/pyproject.toml", f"{project}/uv.lock"), project)


def _service(package: str) -> Venv:
    arguments = ("--package", package, "--no-default-groups")
    return Venv(f"the service {package}", f".venvs/{package}", _WORKSPACE, arguments=arguments)


VENVS = (
    # The two largest first. Of the deployment app's 900 MB of modules a tenth is ever imported.
    Venv("the tools and the deployment app", ".venv", _WORKSPACE, compiled=False),
    _project("LocalStack", "localstack"),
    _project("the DynamoDB engine", "dynamodb"),
    *map(_service, ("size-tracking", "plotting", "driver")),
)


def base_python() -> str:
    """Return the path of the interpreter itself, whichever venv of it this process runs in."""
    return os.path.realpath(sys.executable)


def fingerprint(root: Path, venv: Venv) -> str:
    """Return a digest of all that decides a venv's content: its inputs, uv's version and arguments, this Python."""
    digest = hashlib.sha256()
    python = (sys.version, base_python(), platform.machine())
    for fact in (UV_VERSION, *python, venv.project, *venv.arguments):
        digest.update(fact.encode() + b"\0")
    for pattern in venv.inputs:
        for path in sorted(root.glob(pattern)):
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_current(root: Path, venv: Venv) -> bool:
    """Whether a venv was completed here from its inputs as they are now, and its interpreter still exists."""
    python = root / venv.directory / "bin" / "python"
    return python.exists() and _read(_stamp(root, venv)) == f"{root}\n{fingerprint(root, venv)}\n"


@contextlib.contextmanager
def filling(root: Path, venv: Venv) -> Iterator[None]:
    """Take the stamp from a venv while it is being filled, and stamp it when it is complete.

    A venv without a stamp is removed first, because uv takes the half-installed packages of an interrupted run for
    installed. So is one of another directory, because a venv contains its own path. UntouchedError leaves the venv as
    it was.
    """
    stamp, wanted = _stamp(root, venv), fingerprint(root, venv)
    before = _read(stamp)
    if not before.startswith(f"{root}\n"):
        before = ""
        shutil.rmtree(root / venv.directory, ignore_errors=True)
    stamp.unlink(missing_ok=True)
    try:
        yield
    except UntouchedError:
        if before:
            stamp.write_text(before, encoding="utf-8")
        raise
    stamp.write_text(f"{root}\n{wanted}\n", encoding="utf-8")


def _read(stamp: Path) -> str:
    return stamp.read_text(encoding="utf-8") if stamp.exists() else ""


def _stamp(root: Path, venv: Venv) -> Path:
    return root / venv.directory / "tidemark.stamp"
