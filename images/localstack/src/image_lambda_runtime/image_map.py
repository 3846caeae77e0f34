"""Reads the image map: a file with the interpreter, directory and handler of each image.

    {"images": {"<repository>": {"python": "…", "directory": "…", "handler": "module.attribute",
                                 "environment": {"NAME": "value"}}}}

Paths are relative to the file. `environment` is optional.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAP_VARIABLE = "IMAGE_LAMBDA_MAP"
_TEXTS = ("python", "directory", "handler")


class ImageMapError(Exception):
    """The map or an entry of it cannot be used. The message names the file and the fault."""


@dataclass(frozen=True, slots=True)
class LocalImage:
    """Interpreter, directory, handler and variables that replace an image on this machine."""

    python: str
    directory: str
    handler: str
    environment: Mapping[str, str] = field(default_factory=dict)


def repository_of(image_uri: str) -> str:
    """Return the repository name of an image URI, without registry host, tag and digest.

    >>> repository_of("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1@sha256:00")
    'team/app'
    """
    name = image_uri.partition("@")[0]
    first, slash, rest = name.partition("/")
    # As in Docker, the first part is a registry host if it has a dot or a port or is `localhost`.
    if slash and (re.search(r"[.:]", first) or first == "localhost"):
        name = rest
    return name.partition(":")[0]


def find_image(image_uri: str, environ: Mapping[str, str]) -> LocalImage:
    """Read the map that IMAGE_LAMBDA_MAP names and return an image's entry. Raises ImageMapError."""
    path = environ.get(MAP_VARIABLE, "").strip()
    if not path:
        raise ImageMapError(
            f"{MAP_VARIABLE} is not set: set it to a JSON file that says which directory each image runs from"
        )
    file = Path(path)
    images = _read(file)
    repository = repository_of(image_uri)
    if repository not in images:
        known = ", ".join(sorted(images)) or "none"
        raise ImageMapError(f"{file}: no entry for {repository!r} (it has: {known})")
    return _image(file, repository, images[repository])


def _read(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ImageMapError(f"{file}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ImageMapError(f"{file}: not JSON: {error}") from error
    images = document.get("images") if isinstance(document, dict) else None
    if not isinstance(images, dict):
        raise ImageMapError(f'{file}: must be an object with an object "images" in it')
    return images


def _image(file: Path, repository: str, entry: Any) -> LocalImage:
    where = f"{file}: images[{repository!r}]"
    if not isinstance(entry, dict):
        raise ImageMapError(f"{where} must be an object")
    texts = {name: str(value) for name in _TEXTS if isinstance(value := entry.get(name), str) and value}
    if wrong := [name for name in _TEXTS if name not in texts]:
        raise ImageMapError(f"{where} lacks the text {', '.join(wrong)}")
    environment = entry.get("environment", {})
    if not (isinstance(environment, dict) and all(isinstance(value, str) for value in environment.values())):
        raise ImageMapError(f"{where}: environment must map names to texts")
    # Not resolved: the interpreter of a virtual environment is a symbolic link and must stay one.
    base = file.parent.absolute()
    python, directory = str(base / texts["python"]), str(base / texts["directory"])
    if not os.access(python, os.X_OK):
        raise ImageMapError(f"{where}: python is not an executable file: {python}")
    if not Path(directory).is_dir():
        raise ImageMapError(f"{where}: directory does not exist: {directory}")
    return LocalImage(python, directory, texts["handler"], environment)
