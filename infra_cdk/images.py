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

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def repository(service: str) -> str:
    """Return the ECR repository of a service's images."""
    return f"tidemark/{service}"


@dataclass(frozen=True, slots=True)
class Images:
    """The digest of each service's image. `commit` is the full hash of the commit that they were built from, if known.

    A local deployment does not need digests: LocalStack finds images by their repository's name, and fails if a digest
    changes.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    needed: bool = True
    commit: str | None = None

    def digest(self, service: str) -> str:
        """Return the digest of a service's image, or the placeholder if it is unknown."""
        return self.digests.get(service, PLACEHOLDER)

    @property
    def missing(self) -> tuple[str, ...]:
        """The services that a deployment cannot run because their image is unknown."""
        return tuple(service for service in SERVICES if self.needed and service not in self.digests)


NO_IMAGES_NEEDED = Images(needed=False)


def images_from(document: Path) -> Images:
    """Return what `make push-images` recorded, or no images if the file does not exist.

    The file is `{"git_sha": "…", "images": {"<service>": "sha256:…"}}`. Raises SettingsError, naming the file, if it
    holds anything else.
    """
    if not document.exists():
        return Images()
    try:
        content = json.loads(document.read_text(encoding="utf-8"))
        return Images(_digests(content), commit=content.get("git_sha"))
    except ValueError as error:
        raise SettingsError(f"{document.name}: {error}; write it anew with make push-images") from error


def _digests(content: Any) -> dict[str, str]:
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, dict):
        raise ValueError('it has no object "images"')  # noqa: TRY004 - the file's fault, not the caller's
    for service, digest in images.items():
        if service not in SERVICES:
            raise ValueError(f"unknown service '{service}'")
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise ValueError(f"the digest of '{service}' is not sha256: and 64 hexadecimal digits")
    return dict(images)
