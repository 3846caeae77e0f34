"""The locks of the repository, and what each one pins."""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

PYTHON_LOCK = "uv.lock"
NODE_LOCK = "package-lock.json"
_DEPTHS = ("", "*/", "*/*/", "*/*/*/")
_OURS = {"editable", "virtual", "directory"}


class AuditError(Exception):
    """The audit cannot be made; the message is one line with the reason and what to do."""


@dataclass(frozen=True, slots=True, order=True)
class Pin:
    """One package at one version."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file and its pins, for all platforms and Python versions."""

    path: Path
    pins: frozenset[Pin]


def python_locks(root: Path) -> list[Lock]:
    """Return every uv.lock."""
    return [Lock(path, _python_pins(path)) for path in _found(root, PYTHON_LOCK)]


def node_locks(root: Path) -> list[Lock]:
    """Return every package-lock.json."""
    return [Lock(path, _node_pins(path)) for path in _found(root, NODE_LOCK)]


def _found(root: Path, name: str) -> list[Path]:
    paths = {path for depth in _DEPTHS for path in root.glob(depth + name)}
    ours = sorted(path for path in paths if not _installed(path.relative_to(root)))
    if not ours:
        raise AuditError(f"there is no {name} below {root}: run this in a clone of the repository")
    return ours


def _installed(path: Path) -> bool:
    """Return whether a path lies in what was installed here, rather than in the repository."""
    return any(part.startswith(".") or part == "node_modules" for part in path.parts)


def _python_pins(path: Path) -> frozenset[Pin]:
    pins = set()
    for package in tomllib.loads(path.read_text("utf-8")).get("package", []):
        source = package["source"]
        if "registry" in source:
            pins.add(Pin(package["name"], package["version"]))
        elif not _OURS & source.keys():
            # Advisories name neither commits nor files, so such a package would pass unseen.
            raise AuditError(
                f"{path}: {package['name']} is from {source}: only packages of an index can be audited"
            )
    return frozenset(pins)


def _node_pins(path: Path) -> frozenset[Pin]:
    packages = json.loads(path.read_text("utf-8"))["packages"]
    return frozenset(
        Pin(place.rpartition("node_modules/")[2], package["version"])
        for place, package in packages.items()
        if place
    )
