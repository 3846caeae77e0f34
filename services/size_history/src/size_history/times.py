"""Instants as the tables store them: UTC, microseconds, fixed width, so that text sorts by time."""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = (datetime(9999, 12, 31, 23, 59, 59, 999999, UTC) - _EPOCH) // timedelta(microseconds=1)
"""The last instant that has a text."""
_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def to_text(microseconds: int) -> str:
    """Return an instant (microseconds since 1970, UTC) as `2026-11-20T08:15:30.000001Z`."""
    instant = _EPOCH + timedelta(microseconds=microseconds)
    # strftime's %Y would write the year 999 with three digits.
    return instant.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def from_text(text: str) -> int:
    """Return the microseconds since 1970 of a text that `to_text` made. Raises ValueError for any other form."""
    if not _FORM.fullmatch(text):
        raise ValueError(f"not an instant as stored (2026-11-20T08:15:30.000001Z): {text!r}")
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
