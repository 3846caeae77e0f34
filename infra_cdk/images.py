"""The images that the functions run: each in a repository with a name, by digest."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra_cdk.settings import SettingsError

SERVICES = ("size-tracking", "plotting", "driver")
"""Each service has an image, a repository and a function."""

IMAGES_FILE = Path(__file__).resolve().parents[1] / "images.json"
"""`make push-images` records the digests here."""

PLACEHOLDER = "sha256:" + "0" * 64
"""The digest of an image that was not pushed."""

_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?$")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def repository(service: str) -> str:
    """Return the ECR repository of a service's images."""
    return f"tidemark/{service}"


@dataclass(frozen=True, slots=True)
class Images:
    """The digest of each service's image, and what is known of them.

    `commit` is the full hash of the commit that was checked out when they were pushed, `registry` the host that holds them,
    and `inputs` the hash of everything in the repository that is in a service's image.

    A local deployment does not need digests: LocalStack finds images by their repository's name, and fails if a digest
    changes.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    needed: bool = True
    commit: str | None = None
    registry: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)

    def digest(self, service: str) -> str:
        """Return the digest of a service's image, or the placeholder if it is unknown."""
        return self.digests.get(service, PLACEHOLDER)

    @property
    def place(self) -> tuple[str, str] | None:
        """The account and region whose ECR holds the images, or None if the registry is unknown or another one."""
        found = _ECR.match(self.registry or "")
        return (found["account"], found["region"]) if found else None

    @property
    def missing(self) -> tuple[str, ...]:
        """The services that a deployment cannot run because their image is unknown."""
        return tuple(service for service in SERVICES if self.needed and service not in self.digests)


NO_IMAGES_NEEDED = Images(needed=False)


def images_from(document: Path) -> Images:
    """Return what `make push-images` recorded, or no images if the file does not exist.

    The file is `{"git_sha": "…", "registry": "<host>", "inputs": {"<service>": "…"}, "images": {"<service>": "sha256:…"}}`.
    Version 0.1 wrote neither registry nor inputs. Raises SettingsError, naming the file, if it holds anything else.
    """
    if not document.exists():
        return Images()
    try:
        return _images(json.loads(document.read_text(encoding="utf-8")))
    except ValueError as error:
        raise SettingsError(f"{document.name}: {error}; write it anew with make push-images") from error


def _images(content: Any) -> Images:
    if not isinstance(content, dict):
        content = {}
    digests, inputs = content.get("images"), content.get("inputs", {})
    for name, value in (("images", digests), ("inputs", inputs)):
        if not isinstance(value, dict):
            raise ValueError(f'it has no object "{name}"')  # noqa: TRY004 - the file's fault, not the caller's
    if not isinstance(registry := content.get("registry"), str | None):
        raise ValueError('"registry" is not the name of a host')  # noqa: TRY004 - the file's fault, not the caller's
    for service, digest in digests.items():
        if service not in SERVICES:
            raise ValueError(f"unknown service '{service}'")
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise ValueError(f"the digest of '{service}' is not sha256: and 64 hexadecimal digits")
    return Images(digests, commit=content.get("git_sha"), registry=registry, inputs=inputs)
