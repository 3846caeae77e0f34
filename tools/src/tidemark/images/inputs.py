"""What an image is made from, as one hash. Equal hashes mean equal images, whatever else a commit changed."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

LEFT_OUT = ("__pycache__", ".venv", "*.egg-info")
"""Names that .dockerignore keeps from every build."""


def hash_of(*facts: str) -> str:
    """Return the SHA-256 of texts, 64 hexadecimal digits. Other texts or another order give another hash."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def files_of(root: Path, sources: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the path and the hash of each file below the sources, which are paths relative to the root.

    The hash covers the content and whether the file is executable. Raises FileNotFoundError for a source that is missing.
    """
    for source in sources:
        top = root / source
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            name = path.relative_to(root)
            if path.is_dir() or any(Path(part).match(pattern) for part in name.parts for pattern in LEFT_OUT):
                continue
            executable = bool(path.stat().st_mode & 0o100)
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            yield name.as_posix(), f"{content} {executable}"


def locked(root: Path, packages: Iterable[str]) -> str:
    """Return what uv.lock says about these packages and all that they need, as text.

    The rest of the lock is left out: a new version of a linter changes no image. So is the rest of pyproject.toml, but
    for uv's own settings.
    """
    lock = tomllib.loads((root / "uv.lock").read_text(encoding="utf-8"))
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    known: dict[str, list[dict[str, Any]]] = {}
    for package in lock["package"]:
        known.setdefault(package["name"], []).append(package)
    needed: dict[str, list[dict[str, Any]]] = {}
    waiting = list(packages)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = known[name]
            waiting += (each["name"] for package in known[name] for each in _dependencies(package))
    rest = {key: value for key, value in lock.items() if key not in {"package", "manifest"}}
    settings = (project["project"]["requires-python"], project.get("tool", {}).get("uv"))
    return json.dumps([rest, settings, sorted(needed.items())], sort_keys=True, default=str)


def _dependencies(package: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from package.get("dependencies", ())
    for dependencies in package.get("optional-dependencies", {}).values():
        yield from dependencies


def version_of(project: Path) -> str:
    """Return the version in a project's pyproject.toml."""
    content = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    return str(content["project"]["version"])
