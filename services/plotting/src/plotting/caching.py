"""ETags, and how long answers may be kept."""

from collections.abc import Mapping
from hashlib import blake2b

BRIEFLY = "private, max-age=1"
"""An answer about a bucket: whoever asks again within a second gets the same."""
REVALIDATED = "no-cache"
"""What changes with a deployment only: kept, but asked about each time."""


def etag(*parts: object) -> str:
    """Return the ETag of an answer that is made of these values.

    It is weak: how fresh the answer is, is not in it. https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3
    """
    return f'W/"{blake2b(repr(parts).encode(errors="surrogatepass"), digest_size=12).hexdigest()}"'


def is_known(headers: Mapping[str, str], tag: str) -> bool:
    """Return whether a request, by its If-None-Match, has the answer with this ETag already (weak comparison)."""
    known = headers.get("if-none-match", "")
    return known.strip() == "*" or tag.removeprefix("W/") in {
        one.strip().removeprefix("W/") for one in known.split(",")
    }
