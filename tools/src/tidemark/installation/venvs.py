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
    filled = python.exists() and not _marker(root, venv).exists()
    return filled and _read_stamp(root, venv) == [str(root), fingerprint(root, venv)]


@contextlib.contextmanager
def filling(root: Path, venv: Venv) -> Iterator[None]:
    """Note that a venv is being filled, and afterwards that it is complete.

    A venv of an interrupted run is removed first, because uv takes its half-installed packages for installed. So is one
    of another directory, because a venv contains its own path. UntouchedError leaves the venv as it was.
    """
    stamp, marker, wanted = _stamp(root, venv), _marker(root, venv), fingerprint(root, venv)
    before = _read_stamp(root, venv)
    if marker.exists() or (before and before[0] != str(root)):
        shutil.rmtree(root / venv.directory, ignore_errors=True)
    marker.touch()
    try:
        yield
    except UntouchedError:
        marker.unlink()
        raise
    stamp.write_text(f"{root}\n{wanted}\n", encoding="utf-8")
    marker.unlink()


def _read_stamp(root: Path, venv: Venv) -> list[str]:
    stamp = _stamp(root, venv)
    return stamp.read_text(encoding="utf-8").splitlines() if stamp.exists() else []


def _stamp(root: Path, venv: Venv) -> Path:
    return root / venv.directory / "tidemark.stamp"


def _marker(root: Path, venv: Venv) -> Path:
    return root / ".venvs" / f"{Path(venv.directory).name}.unfinished"
