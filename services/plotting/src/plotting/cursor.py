"""Cursors: where a page ended, opaque to the caller, and all that the next one needs to go on from there.

A cursor is not a secret and not a right: whoever makes one up asks for what a query could ask for as well. So it is
checked, not signed.
"""

import base64

from plotting.problems import BAD_CURSOR, ProblemError

LONGEST = 2048
"""Characters; the longest part is a prefix, at most an S3 key of 1,024 bytes."""
_MARK = "|"


def encoded(kind: str, *parts: str) -> str:
    """Return the cursor of a kind of page; only the last part may hold any character."""
    text = _MARK.join([kind, *parts])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decoded(kind: str, cursor: str, count: int) -> list[str]:
    """Return the parts, so many, of a cursor of a kind. Raises ProblemError for any other text."""
    if len(cursor) > LONGEST:
        raise refused()
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found, *parts = raw.decode().split(_MARK, count)
    except ValueError as error:  # base64's and UTF-8's errors are ValueErrors
        raise refused() from error
    if found != kind or len(parts) != count:
        raise refused()
    return parts


def refused(reason: str = "it is not the next of a page of this route") -> ProblemError:
    """Return the problem of a cursor."""
    return ProblemError(BAD_CURSOR, f"The cursor cannot be followed: {reason}.", parameter="cursor")
