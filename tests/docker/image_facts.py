"""Reads facts about an image from the engine."""

import json
from dataclasses import dataclass
from typing import Any

from tidemark.images.docker import Docker

MB = 1_000_000


@dataclass(frozen=True)
class ImageFacts:
    """An image's configuration as Docker stores it, its size in bytes, and its layers' digests, lowest first."""

    config: dict[str, Any]
    size: int
    layers: tuple[str, ...]

    @classmethod
    def of(cls, docker: Docker, image: str) -> "ImageFacts":
        """Read the facts of an image."""
        (found,) = json.loads(docker.output("image", "inspect", image))
        return cls(found["Config"], found["Size"], tuple(found["RootFS"]["Layers"]))


def run_python(docker: Docker, image: str, program: str, *options: str) -> Any:
    """Run a Python program in a new container of an image, as its own user, and return the JSON that it prints."""
    return json.loads(
        docker.output("run", "--rm", "--network=none", "--entrypoint=python", *options, image, "-c", program)
    )


BYTECODE = """
import json, os, sysconfig
roots = [sysconfig.get_path("stdlib"), "/opt/python", "/var/task"]
files = (os.path.join(d, f) for root in roots for d, _, names in os.walk(root) for f in names if f.endswith(".pyc"))
print(json.dumps(sum(os.path.getsize(file) for file in files)))
"""


def bytecode_bytes(docker: Docker, image: str) -> int:
    """Return the size of all bytecode in a function's image."""
    return int(run_python(docker, image, BYTECODE))
