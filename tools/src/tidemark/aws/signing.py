"""Calls of a deployment's API, signed as every route demands, or on purpose unsigned."""

from dataclasses import dataclass

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from tidemark.aws.deployment import Deployment
from tidemark.errors import CommandError
from tidemark.local.emulator import KEY_ID, SECRET

SERVICE = "execute-api"
SECONDS = 40
"""Longer than API Gateway waits for its function, so that the gateway gives up first."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An API's answer: its status and its body."""

    status: int
    body: bytes


def call(deployment: Deployment, method: str, path: str, body: bytes = b"", *, signed: bool = True) -> Answer:
    """Call a route of the deployment's API, `path` without its leading slash.

    Raises CommandError without credentials, and HTTPClientError (a BotoCoreError) if nothing answers.
    """
    headers = {"Content-Type": "application/json"} if body else {}
    request = AWSRequest(method, deployment.outputs["ApiUrl"] + path, headers=headers, data=body)
    if signed:
        SigV4Auth(credentials_of(deployment), SERVICE, deployment.region).add_auth(request)
    proxies: dict[str, str] | None = {} if deployment.endpoint else None
    answer = URLLib3Session(timeout=SECONDS, proxies=proxies).send(request.prepare())
    return Answer(answer.status_code, answer.content)


def credentials_of(deployment: Deployment) -> Credentials:
    """Return the credentials to sign with: on AWS the caller's, which renew themselves. Raises CommandError without any."""
    if deployment.endpoint:
        return Credentials(KEY_ID, SECRET)
    found: Credentials | None = deployment.session.get_credentials()
    if found is None:
        raise CommandError("there are no AWS credentials to sign with")
    return found
