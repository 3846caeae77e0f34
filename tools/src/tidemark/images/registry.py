"""What a registry holds: the digest and the architecture behind a tag.

Protocol: https://distribution.github.io/distribution/spec/api/
"""

import hashlib
import ipaddress
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from tidemark.errors import CommandError

_IMAGE_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)
_INDEX_TYPES = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
_SECONDS = 30


class RegistryError(CommandError):
    """The registry cannot be asked, or holds what Lambda cannot run; the message names the registry or the image."""


@dataclass(frozen=True, slots=True)
class Login:
    """A registry's host (with its port), and the name and password for it."""

    host: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image in a registry: `sha256:…` of its manifest, and the architecture as Docker calls it."""

    digest: str
    architecture: str


class Registry:
    """Asks one registry what it holds."""

    def __init__(self, login: Login) -> None:
        self._login = login
        # Like Docker: only a registry on this machine may do without TLS.
        self._root = f"{'http' if _is_loopback(login.host) else 'https'}://{login.host}/v2"

    def find(self, repository: str, reference: str) -> StoredImage | None:
        """Return the image behind a tag or digest, or None. Raises RegistryError, also for an image index."""
        name = f"{self._login.host}/{repository}:{reference}"
        answer = self._get(f"{repository}/manifests/{reference}", ", ".join((*_IMAGE_TYPES, *_INDEX_TYPES)))
        if answer is None:
            return None
        manifest: dict[str, Any] = answer.json()
        kind = manifest.get("mediaType") or answer.headers.get("Content-Type", "").partition(";")[0]
        if kind in _INDEX_TYPES:
            raise RegistryError(
                f"{name} is an index of images, and Lambda takes only an image: push another tag"
            )
        digest = f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
        told = answer.headers.get("Docker-Content-Digest", digest)
        if told != digest:
            raise RegistryError(f"{name} arrives as {digest}, but the registry calls it {told}: try again")
        config = self._get(f"{repository}/blobs/{manifest['config']['digest']}", "*/*")
        if config is None:
            raise RegistryError(f"{name} lacks its configuration: the registry is damaged; push another tag")
        return StoredImage(digest, config.json()["architecture"])

    def _get(self, path: str, accept: str) -> requests.Response | None:
        host = self._login.host
        try:
            answer = requests.get(
                f"{self._root}/{path}",
                auth=(self._login.user, self._login.password),
                headers={"Accept": accept},
                timeout=_SECONDS,
            )
        except requests.RequestException as error:
            raise RegistryError(f"the registry {host} does not answer ({_reason(error)})") from error
        if answer.status_code in {401, 403}:
            raise RegistryError(
                f"the registry {host} refuses the login of '{self._login.user}' (HTTP {answer.status_code})"
            )
        if answer.status_code == 404:
            return None
        if not answer.ok:
            raise RegistryError(f"the registry {host} answers HTTP {answer.status_code}: {_error_of(answer)}")
        return answer


def _is_loopback(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _reason(error: Exception) -> str:
    cause: BaseException = error
    while cause.__context__ is not None:
        cause = cause.__context__
    return str(cause)


def _error_of(answer: requests.Response) -> str:
    try:
        return str(answer.json()["errors"][0]["message"])
    except (ValueError, LookupError, TypeError):
        return json.dumps(answer.text[:100])
