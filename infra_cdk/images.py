"""Which image each function runs: a repository by name, and in it an image by digest."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra_cdk.settings import SettingsError

SERVICES = ("size-tracking", "plotting", "driver")
"""Every service is an image; the list is also that of the repositories."""

IMAGES_FILE = Path(__file__).resolve().parents[1] / "images.json"
"""Where `make push-images` records the digests."""

PLACEHOLDER = "sha256:" + "0" * 64
"""The digest that stands for an image nobody has pushed."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def repository(service: str) -> str:
    """Return the ECR repository of a service's images."""
    return f"tidemark/{service}"


@dataclass(frozen=True, slots=True)
class Images:
    """The digest of each service's image, by service; `needed` where a deployment cannot do without them.

    `commit` is what they were built from, as a full hash, where that is known. LocalStack looks images up by their
    repository's name, and breaks when a digest changes, so a local deployment needs none.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    needed: bool = True
    commit: str | None = None

    def digest(self, service: str) -> str:
        """Return the digest of a service's image, or the placeholder where there is none."""
        return self.digests.get(service, PLACEHOLDER)

    @property
    def missing(self) -> tuple[str, ...]:
        """The services whose image a deployment would miss."""
        return tuple(service for service in SERVICES if self.needed and service not in self.digests)


NO_IMAGES_NEEDED = Images(needed=False)


def images_from(document: Path) -> Images:
    """Return what `make push-images` recorded, or no images where the file does not exist.

    The file is `{"git_sha": "…", "images": {"<service>": "sha256:…"}}`. Raises SettingsError, naming the
    file, if it holds anything else.
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
