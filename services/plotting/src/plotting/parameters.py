"""Single values that callers give, each checked: bucket, window, instant, one of a list, number of entries.

Whatever is wrong is one `ProblemError` that names the parameter, the value, and what is allowed.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from plotting.problems import (
    BAD_AT,
    BAD_BUCKET,
    BAD_FORMAT,
    BAD_FROM,
    BAD_LIMIT,
    BAD_ORDER,
    BAD_TO,
    BAD_WINDOW,
    UNKNOWN_PARAMETER,
    ProblemError,
    shown,
)
from size_history import times

SECOND = 1_000_000
SHORTEST_WINDOW_SECONDS = 1
LONGEST_WINDOW_SECONDS = 31 * 24 * 3600
EARLIEST = 0
"""1970, in microseconds since then: no bucket is older than S3."""

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
_DECIMAL = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
_WHOLE = re.compile(r"[0-9]{1,9}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OF_INSTANT = {"from": BAD_FROM, "to": BAD_TO, "at": BAD_AT}
_OF_CHOICE = {"format": BAD_FORMAT, "order": BAD_ORDER}


def given(query: Sequence[tuple[str, str]], allowed: Iterable[str]) -> dict[str, str]:
    """Return a query as a mapping. Raises ProblemError for a parameter that is not allowed or given twice."""
    members: dict[str, str] = {}
    for name, value in query:
        if name in members:
            raise ProblemError(UNKNOWN_PARAMETER, f"{name} is given twice: give it once.", parameter=name)
        members[name] = value
    refuse_unknown(members, tuple(allowed))
    return members


def refuse_unknown(members: Mapping[str, Any], allowed: Sequence[str]) -> None:
    """Raise ProblemError if there is a parameter that is not allowed."""
    for name in members:
        if name not in allowed:
            known = f"{', '.join(allowed)} are" if allowed else "there is none here"
            raise ProblemError(
                UNKNOWN_PARAMETER, f"{shown(name)} is not a parameter: {known}.", parameter=name
            )


def bucket(value: Any) -> str:
    """Return a bucket's name."""
    if isinstance(value, str) and _BUCKET.fullmatch(value):
        return value
    raise ProblemError(
        BAD_BUCKET,
        f"bucket is {shown(value)}: a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens.",
        parameter="bucket",
    )


def number(text: str) -> float | str:
    """Return the number that a text is, or else the text, which no window is."""
    return float(text) if _DECIMAL.fullmatch(text) else text


def window(value: Any) -> int:
    """Return the length of a window, given in seconds, in microseconds."""
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and SHORTEST_WINDOW_SECONDS <= value <= LONGEST_WINDOW_SECONDS
    ):
        return round(value * SECOND)
    raise ProblemError(
        BAD_WINDOW,
        f"window is {shown(value)}: it is a number of seconds from {SHORTEST_WINDOW_SECONDS} "
        f"to {LONGEST_WINDOW_SECONDS}.",
        parameter="window",
    )


def instant(name: str, value: Any) -> int:
    """Return an ISO 8601 instant in microseconds since 1970; what lies before is 1970."""
    form = "it is an instant like 2026-11-20T08:15:30Z or 2026-11-20T09:15:30.25+01:00 (in a URL: %2B01:00)"
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise bad_instant(name, value, form)
    try:
        return max((datetime.fromisoformat(value) - _EPOCH) // timedelta(microseconds=1), EARLIEST)
    except (ValueError, OverflowError) as error:
        raise bad_instant(name, value, f"no calendar has it ({error})") from error


def not_future(name: str, value: Any, now: int) -> int:
    """Return an instant that is not later than the present."""
    time = instant(name, value)
    if time > now:
        raise bad_instant(name, value, f"it lies in the future (it is {times.to_text(now)})")
    return time


def bad_instant(name: str, value: Any, reason: str) -> ProblemError:
    """Return the problem of an instant."""
    return ProblemError(_OF_INSTANT[name], f"{name} is {shown(value)}: {reason}.", parameter=name)


def one_of(name: str, value: str, allowed: Sequence[str]) -> str:
    """Return a value that has to be in a list."""
    if value in allowed:
        return value
    raise ProblemError(
        _OF_CHOICE[name], f"{name} is {shown(value)}: it is one of {', '.join(allowed)}.", parameter=name
    )


def limit(value: str, most: int) -> int:
    """Return how many entries a page may have."""
    if _WHOLE.fullmatch(value) and 1 <= int(value) <= most:
        return int(value)
    raise ProblemError(
        BAD_LIMIT, f"limit is {shown(value)}: it is a whole number from 1 to {most}.", parameter="limit"
    )
