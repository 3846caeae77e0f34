"""What an answer owes to the request's headers: a 304 to a caller that has it already, and compression."""

import gzip
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b

from plotting.gateway import Response

BRIEFLY = "private, max-age=1"
"""Cache-Control of an answer about buckets: a repeated request within a second may reuse it."""
REVALIDATED = "no-cache"
"""Cache-Control of what changes only with a deployment: it is kept, but every use asks whether it still holds."""
MIN_COMPRESSED_BYTES = 1400
"""Smaller bodies fit into one network packet anyway."""
GZIP_LEVEL = 5
"""Higher levels cost more time than they save bytes."""
COMPRESSED_TYPES = ("image/png",)


def etag(*parts: object) -> str:
    """Return the ETag of an answer that is made of these values.

    It is weak, because it does not cover how fresh the answer is. https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3
    """
    return f'W/"{blake2b(repr(parts).encode(errors="surrogatepass"), digest_size=12).hexdigest()}"'


def is_known(headers: Mapping[str, str], tag: str) -> bool:
    """Return whether the caller has the answer with this ETag, by its If-None-Match (weak comparison)."""
    known = headers.get("if-none-match", "")
    return known.strip() == "*" or tag.removeprefix("W/") in {
        one.strip().removeprefix("W/") for one in known.split(",")
    }


def compressed(response: Response, headers: Mapping[str, str]) -> Response:
    """Return the response as gzip if the caller accepts that and it saves enough."""
    if response.media_type in COMPRESSED_TYPES or "Content-Encoding" in response.headers:
        return response
    raw = response.body.encode() if isinstance(response.body, str) else response.body
    if len(raw) < MIN_COMPRESSED_BYTES or not accepts_gzip(headers):
        return response
    body = gzip.compress(raw, GZIP_LEVEL, mtime=0)  # without a time, equal answers are equal bytes
    return replace(response, body=body, headers={**response.headers, "Content-Encoding": "gzip"})


def accepts_gzip(headers: Mapping[str, str]) -> bool:
    """Return whether the caller accepts gzip.

    https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
    """
    weights: dict[str, float] = {}
    for one in headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = one.partition(";")
        try:
            weights[coding.strip()] = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            weights[coding.strip()] = 0
    return weights.get("gzip", weights.get("*", 0)) > 0
