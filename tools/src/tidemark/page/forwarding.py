"""Forwards the page's requests to the API, and nowhere else."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode

from botocore.exceptions import BotoCoreError

from tidemark.aws.signing import Answer, Api

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


def forward(api: Api, target: str, headers: Mapping[str, str]) -> Answer:
    """Return the API's answer to a GET of `target` (`route?query`), or a problem with the reason that there is none."""
    route, _, query = target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    # A browser encodes a space as +, a signature demands %20.
    encoded = f"?{urlencode(pairs, quote_via=quote)}" if pairs else ""
    # These are not signed, because a gateway on the way may rewrite them.
    sent = {name: headers[name] for name in SENT if name in headers}
    try:
        answer = api.call("GET", route + encoded, headers=sent)
    except BotoCoreError as error:
        return problem(502, "no-answer", "The API cannot be asked", str(error))
    kept = {
        name: value
        for name, value in answer.headers.items()
        if name.lower() in RETURNED or name.lower().startswith("tidemark-")
    }
    return Answer(answer.status, kept, answer.body)


def problem(status: int, kind: str, title: str, detail: str) -> Answer:
    """Return a problem (RFC 9457) of our own; those of the API have other types."""
    members = {"type": f"urn:tidemark:dashboard:{kind}", "title": title, "status": status, "detail": detail}
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    return Answer(status, headers, json.dumps(members).encode())
