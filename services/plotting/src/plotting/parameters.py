"""Single values of a request, each checked: bucket, window, instant, choice, page size, cursor.

Every mistake is one `ProblemError` that names the parameter, the value, and what is allowed.
"""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from plotting import problems
from plotting.gateway import Query
from plotting.problems import ProblemError, shown
from size_history import times
from size_history.keys import VALID_BUCKET_NAME

SECOND = 1_000_000
MIN_WINDOW_SECONDS = 1
MAX_WINDOW_SECONDS = 100 * 366 * 24 * 3600
"""A hundred years: a window that begins before 1970 begins in 1970, so there is no longer one."""
EARLIEST = 0
"""1970 in microseconds since then: S3 is younger."""
MAX_CURSOR_LENGTH = 2048
"""Characters. The longest part of a cursor is a prefix: at most an S3 key of 1,024 bytes."""

_DECIMAL = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
_WHOLE = re.compile(r"[0-9]{1,9}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OF_INSTANT = {"from": problems.BAD_FROM, "to": problems.BAD_TO, "at": problems.BAD_AT}
_OF_CHOICE = {"format": problems.BAD_FORMAT, "order": problems.BAD_ORDER}


def members_of(query: Query, allowed: Iterable[str]) -> dict[str, str]:
    """Return a query as a mapping. Raises ProblemError for a parameter that is not allowed or given twice."""
    members: dict[str, str] = {}
    for name, value in query:
        if name in members:
            raise ProblemError(
                problems.UNKNOWN_PARAMETER, f"{name} is given twice: give it once.", parameter=name
            )
        members[name] = value
    refuse_unknown(members, tuple(allowed))
    return members


def refuse_unknown(members: Mapping[str, Any], allowed: Sequence[str]) -> None:
    """Raise ProblemError if there is a parameter that is not allowed."""
    for name in members:
        if name not in allowed:
            known = f"{', '.join(allowed)} are" if allowed else "there is none here"
            raise ProblemError(
                problems.UNKNOWN_PARAMETER, f"{shown(name)} is not a parameter: {known}.", parameter=name
            )


def bucket(value: Any) -> str:
    """Return a bucket's name."""
    if isinstance(value, str) and VALID_BUCKET_NAME.fullmatch(value):
        return value
    raise ProblemError(
        problems.BAD_BUCKET,
        f"bucket is {shown(value)}: a bucket's name has 3 to 255 letters, digits, dots, hyphens and underscores.",
        parameter="bucket",
    )


def number(text: str) -> float | str:
    """Return the number that a text is, or the text itself, which `window` then refuses."""
    return float(text) if _DECIMAL.fullmatch(text) else text


def window(value: Any) -> int:
    """Return the length of a window, given in seconds, in microseconds."""
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and MIN_WINDOW_SECONDS <= value <= MAX_WINDOW_SECONDS
    ):
        return round(value * SECOND)
    raise ProblemError(
        problems.BAD_WINDOW,
        f"window is {shown(value)}: it is a number of seconds from {MIN_WINDOW_SECONDS} to {MAX_WINDOW_SECONDS}.",
        parameter="window",
    )


def instant(name: str, value: Any) -> int:
    """Return an ISO 8601 instant in microseconds since 1970; an earlier one becomes 1970."""
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


def limit(members: Mapping[str, str], maximum: int) -> int:
    """Return the maximum number of entries on a page: the parameter `limit`, or `maximum` without it."""
    value = members.get("limit", str(maximum))
    if _WHOLE.fullmatch(value) and 1 <= int(value) <= maximum:
        return int(value)
    raise ProblemError(
        problems.BAD_LIMIT,
        f"limit is {shown(value)}: it is a whole number from 1 to {maximum}.",
        parameter="limit",
    )


def cursor_of(kind: str, *parts: str) -> str:
    """Return the cursor of a kind of page: opaque text with all that the next page needs to continue.

    Only the last part may contain `|`. A cursor gives no rights, because a query can ask for the same. So it is checked
    when it comes back, but not signed.
    """
    return base64.urlsafe_b64encode("|".join([kind, *parts]).encode()).decode().rstrip("=")


def parts_of_cursor(kind: str, cursor: str, count: int) -> list[str]:
    """Return the parts of a cursor. Raises ProblemError if it is not of this kind or does not have `count` parts."""
    if len(cursor) > MAX_CURSOR_LENGTH:
        raise bad_cursor()
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found, *parts = raw.decode().split("|", count)
    except ValueError as error:  # base64's and UTF-8's errors are ValueErrors
        raise bad_cursor() from error
    if found != kind or len(parts) != count:
        raise bad_cursor()
    return parts


def bad_cursor(reason: str = "it is not the next of a page of this route") -> ProblemError:
    """Return the problem of a cursor."""
    return ProblemError(problems.BAD_CURSOR, f"The cursor cannot be followed: {reason}.", parameter="cursor")
