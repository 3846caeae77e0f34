"""Amazon ECR: the login of its registry and whether the repositories are there."""

import base64
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import boto3
from botocore import exceptions

from tidemark.errors import CommandError
from tidemark.images.registry import Login

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN_KEYS = frozenset(
    {
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
    }
)
_SIGN_IN = "sign in (aws sso login, aws configure) or set AWS_PROFILE"


class EcrError(CommandError):
    """ECR cannot be used; the message names the region or the repository, and what to do."""


class Ecr:
    """ECR in the region and with the credentials of the environment. Raises EcrError, at any call."""

    def __init__(self) -> None:
        region = (
            os.environ.get("AWS_REGION") or None
        )  # boto3 itself reads AWS_DEFAULT_REGION and the profile's
        with _explained(region):
            session = boto3.session.Session(region_name=region)
            self.region = session.region_name
            if not self.region:
                raise EcrError("no AWS region is set: AWS_REGION=eu-central-1 make push-images")
            self._client = session.client("ecr")

    def log_in(self) -> Login:
        """Return the registry of this account and region, and a login that it takes for twelve hours."""
        with _explained(self.region):
            granted = self._client.get_authorization_token()["authorizationData"][0]
        user, _, password = base64.b64decode(granted["authorizationToken"]).decode().partition(":")
        return Login(urlsplit(granted["proxyEndpoint"]).netloc, user, password)

    def require(self, repositories: Iterable[str]) -> None:
        """Raise EcrError, naming every one that is missing, unless all the repositories exist."""
        missing = [name for name in repositories if not self._exists(name)]
        if missing:
            raise EcrError(
                f"ECR in {self.region} has no repository {', '.join(missing)}: make deploy makes them and pushes "
                "(by itself: make cdk ARGS='deploy Tidemark-RegistryStack'), or set AWS_REGION to the region that has them"
            )

    def _exists(self, repository: str) -> bool:
        with _explained(self.region):
            try:
                self._client.describe_repositories(repositoryNames=[repository])
            except self._client.exceptions.RepositoryNotFoundException:
                return False
            return True


@contextmanager
def _explained(region: str | None) -> Iterator[None]:
    """Turn what boto3 raises into one line."""
    try:
        yield
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise EcrError(f"there are no AWS credentials ({_flat(error)}): {_SIGN_IN}") from error
    except (exceptions.EndpointConnectionError, exceptions.InvalidRegionError) as error:
        raise EcrError(
            f"ECR does not answer in region {region} ({_flat(error)}): check AWS_REGION and the network"
        ) from error
    except exceptions.ClientError as error:
        raise EcrError(_refusal(error, region)) from error
    except exceptions.BotoCoreError as error:  # a profile that is not there, a single sign-on that ended, …
        raise EcrError(f"ECR cannot be asked ({_flat(error)}): {_SIGN_IN}") from error


def _refusal(error: exceptions.ClientError, region: str | None) -> str:
    code = error.response["Error"]["Code"]
    if code in _EXPIRED:
        return f"the AWS credentials have expired: {_SIGN_IN}"
    if code in _UNKNOWN_KEYS:
        return f"AWS does not know the credentials ({code}): {_SIGN_IN}"
    return f"ECR in {region} refuses: {_flat(error)}"


def _flat(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
