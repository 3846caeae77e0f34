"""Amazon ECR: the login of its registry, and whether the repositories exist."""

import base64
from collections.abc import Iterable
from urllib.parse import urlsplit

from tidemark.aws.session import session_of_caller
from tidemark.errors import CommandError
from tidemark.images.registry import Login


class Ecr:
    """ECR in the region and with the credentials of the caller."""

    def __init__(self) -> None:
        session = session_of_caller()
        self.region = session.region_name
        self._client = session.client("ecr")

    def log_in(self) -> Login:
        """Return the registry of this account and region, and a login that it takes for twelve hours."""
        granted = self._client.get_authorization_token()["authorizationData"][0]
        user, _, password = base64.b64decode(granted["authorizationToken"]).decode().partition(":")
        return Login(urlsplit(granted["proxyEndpoint"]).netloc, user, password)

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
