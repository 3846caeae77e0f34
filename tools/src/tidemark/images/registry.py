"""What a registry holds: the digest and the architecture behind a tag; and Amazon ECR's own API.

Protocol: https://distribution.github.io/distribution/spec/api/
"""

import base64
import hashlib
import ipaddress
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from tidemark.aws.session import session_of_caller
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
class StoredImage:
    """An image in a registry: `sha256:…` of its manifest, and the architecture as Docker calls it."""

    digest: str
    architecture: str


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry: its host (with its port), and the name and password for it."""

    host: str
    user: str
    password: str = field(repr=False)

    def find(self, repository: str, reference: str) -> StoredImage | None:
        """Return the image behind a tag or digest, or None. Raises RegistryError, also for an image index."""
        name = f"{self.host}/{repository}:{reference}"
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
        host = self.host
        # Like Docker: only a registry on this machine may do without TLS.
        scheme = "http" if _is_loopback(host) else "https"
        try:
            answer = requests.get(
                f"{scheme}://{host}/v2/{path}",
                auth=(self.user, self.password),
                headers={"Accept": accept},
                timeout=_SECONDS,
            )
        except requests.RequestException as error:
            raise RegistryError(f"the registry {host} does not answer ({_reason(error)})") from error
        if answer.status_code in {401, 403}:
            raise RegistryError(
                f"the registry {host} refuses the login of '{self.user}' (HTTP {answer.status_code})"
            )
        if answer.status_code == 404:
            return None
        if not answer.ok:
            raise RegistryError(f"the registry {host} answers HTTP {answer.status_code}: {_error_of(answer)}")
        return answer


class Ecr:
    """ECR in the region and with the credentials of the caller."""

    def __init__(self) -> None:
        session = session_of_caller()
        self.region = session.region_name
        self._client = session.client("ecr")

    def log_in(self) -> Registry:
        """Return the registry of this account and region, with a password that it takes for twelve hours."""
        granted = self._client.get_authorization_token()["authorizationData"][0]
        user, _, password = base64.b64decode(granted["authorizationToken"]).decode().partition(":")
        return Registry(urlsplit(granted["proxyEndpoint"]).netloc, user, password)

    def require(self, repositories: Iterable[str]) -> None:
        """Raise CommandError, naming every missing one, unless all the repositories exist."""
        missing = [name for name in repositories if not self._exists(name)]
        if missing:
            raise CommandError(
                f"ECR in {self.region} has no repository {', '.join(missing)}: make deploy makes them and pushes "
                "(by itself: .venv/bin/tidemark cdk deploy Tidemark-RegistryStack), or set AWS_REGION to the region "
                "that has them"
            )

    def _exists(self, repository: str) -> bool:
        try:
            self._client.describe_repositories(repositoryNames=[repository])
        except self._client.exceptions.RepositoryNotFoundException:
            return False
        return True


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
