"""The dashboard: one file, packed from services/plotting/page, and the policy under which a browser runs it."""

import functools
import gzip
import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources

from plotting.negotiation import etag

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

    def headers(self) -> dict[str, str]:
        """Return the headers of every answer about the page, including a 304."""
        return {
            "Content-Security-Policy": self.policy,
            "Cross-Origin-Opener-Policy": "same-origin",
            "ETag": self.tag,
            "Referrer-Policy": "no-referrer",
        }


@functools.cache
def packed() -> Page:
    """Return the page, read once per execution environment."""
    raw = (resources.files(__name__) / "index.html").read_bytes()
    text = raw.decode()
    # Without a time of compression, the same page is the same bytes.
    return Page(text, gzip.compress(raw, mtime=0), etag(raw), policy_of(text))


def policy_of(text: str) -> str:
    """Return a policy that runs exactly the scripts and styles inside a page, and lets it call only its own origin.

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
