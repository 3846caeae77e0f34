"""The dashboard: one file, packed from services/plotting/page, and the policy under which a browser runs it."""

import functools
import gzip
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources

from plotting.caching import etag

MEDIA_TYPE = "text/html; charset=utf-8"
NONE = "'none'"
_INLINE = re.compile(r"<(script|style)\b[^>]*>(.*?)</\1>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """The page as text and compressed, its ETag, and its Content-Security-Policy."""

    text: str
    compressed: bytes
    tag: str
    policy: str

    def body_for(self, headers: Mapping[str, str]) -> tuple[str | bytes, dict[str, str]]:
        """Return the body for a request, by its headers (names in lower case), and the headers that say which it is."""
        if accepts_gzip(headers.get("accept-encoding", "")):
            return self.compressed, {"Content-Encoding": "gzip"}
        return self.text, {}

    def headers(self) -> dict[str, str]:
        """Return what every answer about the page carries, a 304 included."""
        return {
            "Content-Security-Policy": self.policy,
            "Cross-Origin-Opener-Policy": "same-origin",
            "ETag": self.tag,
            "Referrer-Policy": "no-referrer",
            "Vary": "Accept-Encoding",
        }


@functools.cache
def packed() -> Page:
    """Return the page, read once per execution environment."""
    raw = (resources.files(__name__) / "index.html").read_bytes()
    text = raw.decode()
    # No time of compression in it: the same page is the same bytes.
    return Page(text, gzip.compress(raw, mtime=0), etag(raw), policy_of(text))


def policy_of(text: str) -> str:
    """Return a policy that runs and applies exactly what stands in a page, and lets it ask only where it came from.

    https://www.w3.org/TR/CSP3/#grammardef-hash-source
    """
    sources: dict[str, list[str]] = {"script": [], "style": []}
    for kind, content in _INLINE.findall(text):
        sources[kind].append(f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'")
    inline = [f"{kind}-src {' '.join(hashes or [NONE])}" for kind, hashes in sources.items()]
    fixed = [
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    return "; ".join(["default-src 'none'", *inline, *fixed])


def accepts_gzip(accepted: str) -> bool:
    """Return whether an Accept-Encoding admits gzip.

    https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
    """
    weights: dict[str, float] = {}
    for one in accepted.lower().split(","):
        coding, _, weight = one.partition(";")
        try:
            weights[coding.strip()] = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            weights[coding.strip()] = 0
    return weights.get("gzip", weights.get("*", 0)) > 0
