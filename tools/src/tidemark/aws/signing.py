"""Calls of a deployment's API, signed as every route demands, or on purpose unsigned."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from tidemark.aws.deployment import Deployment

SERVICE = "execute-api"
SECONDS = 40
"""Longer than API Gateway waits for its function, so that the gateway gives up first."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the API, or one in its place."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Api:
    """The API at `base` (its URL, ending in `/`).

    `credentials` is called for each request, so that expiring ones are renewed. `proxies` None takes the environment's.
    """

    base: str
    region: str
    credentials: Callable[[], Credentials]
    proxies: dict[str, str] | None = None

    def __post_init__(self) -> None:
        self._session = URLLib3Session(timeout=SECONDS, proxies=self.proxies, max_pool_connections=16)

    @classmethod
    def of(cls, deployment: Deployment) -> "Api":
        """Return a deployment's API. Raises CommandError without stacks, and NoCredentialsError."""
        deployment.credentials()  # if there are none, say so before anything is called
        proxies: dict[str, str] | None = {} if deployment.endpoint else None
        base, credentials = deployment.outputs["ApiUrl"], deployment.credentials
        return cls(base, deployment.region, credentials, proxies)

    def call(
        self,
        method: str,
        route: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        signed: bool = True,
    ) -> Answer:
        """Call a route, without its leading slash; `headers` are sent unsigned. Raises BotoCoreError if nothing answers."""
        content = {"Content-Type": "application/json"} if body else {}
        request = AWSRequest(method, self.base + route, headers=content, data=body)
        if signed:
            SigV4Auth(self.credentials().get_frozen_credentials(), SERVICE, self.region).add_auth(request)
        for name, value in (headers or {}).items():
            request.headers[name] = value
        answer = self._session.send(request.prepare())
        return Answer(answer.status_code, answer.headers, answer.content)
