"""Forwards requests to one API, signed with the caller's credentials."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session

from tidemark.aws.signing import SECONDS, SERVICE

SENT = ("Accept-Encoding", "If-None-Match")
"""The browser's headers that are sent on to the API."""
RETURNED = frozenset(
    {"cache-control", "content-encoding", "content-security-policy", "content-type"}
    | {"cross-origin-opener-policy", "etag", "link", "referrer-policy", "retry-after", "vary"}
    | {"x-amzn-errortype", "x-amzn-requestid", "x-content-type-options"}
)
"""The API's headers that are returned, besides all that begin with `Tidemark-`.

Access-Control-* is left out: other origins may read the API's answers only if they sign their own requests.
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer for the browser."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Forwarder:
    """Sends GET requests to the API at `base` (its URL, ending in `/`) and to nothing else.

    `credentials` is called for each request, so that expiring ones are renewed. `proxies` None takes the environment's.
    """

    def __init__(
        self,
        base: str,
        *,
        region: str,
        credentials: Callable[[], Credentials],
        proxies: dict[str, str] | None = None,
    ) -> None:
        self._base = base
        self._region = region
        self._credentials = credentials
        self._session = URLLib3Session(timeout=SECONDS, proxies=proxies, max_pool_connections=16)

    def get(self, route: str, query: str, headers: Mapping[str, str]) -> Answer:
        """Return the API's answer, or a problem with the reason that there is none. `route` has no leading slash."""
        pairs = parse_qsl(query, keep_blank_values=True)
        # A browser encodes a space as +, a signature demands %20.
        encoded = f"?{urlencode(pairs, quote_via=quote)}" if pairs else ""
        request = AWSRequest("GET", f"{self._base}{route}{encoded}")
        try:
            SigV4Auth(self._credentials().get_frozen_credentials(), SERVICE, self._region).add_auth(request)
            for name in SENT:  # after signing: a gateway on the way may rewrite them
                if name in headers:
                    request.headers[name] = headers[name]
            answer = self._session.send(request.prepare())
        except BotoCoreError as error:
            return problem(502, "no-answer", "The API cannot be asked", str(error))
        kept = {
            name: value
            for name, value in answer.headers.items()
            if name.lower() in RETURNED or name.lower().startswith("tidemark-")
        }
        return Answer(answer.status_code, kept, answer.content)


def problem(status: int, kind: str, title: str, detail: str) -> Answer:
    """Return a problem (RFC 9457) of our own; those of the API have other types."""
    members = {
        "type": f"urn:tidemark:dashboard:{kind}",
        "title": title,
        "status": status,
        "detail": detail,
    }
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    return Answer(status, headers, json.dumps(members).encode())
