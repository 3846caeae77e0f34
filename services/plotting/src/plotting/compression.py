"""Answers compressed for whoever takes that: a long range is a tenth of its size as gzip."""

import gzip
from collections.abc import Mapping
from dataclasses import replace

from plotting.gateway import Response
from plotting.page import accepts_gzip

SMALLEST = 1400
"""Bytes. Anything less fits one packet as it is."""
LEVEL = 5
"""Beyond, the time grows faster than the size shrinks."""
COMPRESSED_ALREADY = ("image/png",)


def compressed(response: Response, headers: Mapping[str, str]) -> Response:
    """Return a response as gzip if the request, by its headers (names in lower case), takes that and it is worth it."""
    if response.media_type in COMPRESSED_ALREADY or "Content-Encoding" in response.headers:
        return response
    raw = response.body.encode() if isinstance(response.body, str) else response.body
    if len(raw) < SMALLEST:
        return response
    varying = {**response.headers, "Vary": "Accept-Encoding"}
    if not accepts_gzip(headers.get("accept-encoding", "")):
        return replace(response, headers=varying)
    body = gzip.compress(raw, LEVEL, mtime=0)  # no time in it: the same answer is the same bytes
    return replace(response, body=body, headers={**varying, "Content-Encoding": "gzip"})
