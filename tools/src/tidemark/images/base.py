"""Which base image a build stands on: a name like `python:3.13-slim` moves to a new image with each security fix."""

import re

from tidemark.images.docker import Docker, DockerError
from tidemark.progress import Progress

_PINNED = re.compile(r".+@sha256:[0-9a-f]{64}")
_IDENTITY = "{{range .RepoDigests}}{{.}} {{end}}|{{.Id}}"


def is_pinned(name: str) -> bool:
    """Whether the name holds a digest, so that it always means the same image."""
    return _PINNED.fullmatch(name) is not None


def newest_base(docker: Docker, name: str, platform: str, progress: Progress) -> str:
    """Pull the base image and return what identifies it, `name@sha256:…`.

    If it cannot be pulled, the one that the engine has is used, and that is said. Raises DockerError if it has none.
    A name with a digest needs no engine.
    """
    if is_pinned(name):
        return name
    docker.require_engine()
    known = known_base(docker, name)
    if known.startswith("sha256:"):  # it was made on this engine, and no registry has it
        return known
    try:
        docker.output("pull", "--quiet", "--platform", platform, name)
    except DockerError as error:
        if known == name:
            raise DockerError(
                f"the base image {name} cannot be pulled: {error}: PYTHON_IMAGE may name another"
            ) from error
        progress.say(f"{name} cannot be pulled ({error}), so the one that the engine has is used")
        return known
    return known_base(docker, name)


def known_base(docker: Docker, name: str) -> str:
    """Return what identifies the base image that the engine has, or its name if the engine does not have it.

    An image of a registry is `name@sha256:…`, one that was made on this engine its id.
    """
    try:
        digests, _, identity = docker.output("image", "inspect", "--format", _IDENTITY, name).partition("|")
    except DockerError:
        return name
    return min(digests.split(), default=identity)
