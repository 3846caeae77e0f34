"""What LocalStack's HTTP server does anew for every request, to no one's use: a fifth of what a request costs it."""

from functools import lru_cache

from twisted.web import http

KNOWN_TYPES = 64
"""Content types that are remembered; clients send a handful."""


def apply() -> None:
    """Apply the repairs."""
    # Twisted has the email package parse the header, a dozen objects for a dozen characters.
    http._parseContentType = lru_cache(KNOWN_TYPES)(http._parseContentType)  # noqa: SLF001 there is no setting for it
    # An access log that nothing keeps: LocalStack logs requests itself.
    http.HTTPFactory.log = _log_nothing


def _log_nothing(_factory: http.HTTPFactory, _request: http.Request) -> None: ...
