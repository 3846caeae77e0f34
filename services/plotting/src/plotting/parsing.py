"""What a caller asks for: the body or the query of a request, checked, as a `PlotRequest`.

Pure: the time and the default bucket are passed in. Whatever is wrong is one `ProblemError` that names the
parameter, the value, and what is allowed.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from plotting.problems import (
    BAD_BODY,
    BAD_BUCKET,
    BAD_FROM,
    BAD_RANGE,
    BAD_WINDOW,
    SHOWN_LENGTH,
    UNKNOWN_PARAMETER,
    ProblemError,
    shown,
)
from size_history import times

SECOND = 1_000_000
DEFAULT_WINDOW_SECONDS = 10
SHORTEST_WINDOW_SECONDS = 1
LONGEST_WINDOW_SECONDS = 31 * 24 * 3600
LARGEST_BODY = 64 * 1024
"""Bytes. Everything a body may say fits in a few hundred."""

PARAMETERS = ("bucket", "window", "from")

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
_DECIMAL = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,6})?")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PlotRequest:
    """A bucket, and the first instant to show (microseconds since 1970, UTC); the picture ends at the present."""

    bucket: str
    start: int


def from_body(body: bytes, *, data_bucket: str, now: int) -> PlotRequest:
    """Read the JSON body of POST /plot; an empty body asks for the defaults."""
    return _plot_request(_members(body) if body.strip() else {}, data_bucket=data_bucket, now=now)


def from_query(query: tuple[tuple[str, str], ...], *, data_bucket: str, now: int) -> PlotRequest:
    """Read the query of GET /plot."""
    members: dict[str, Any] = {}
    for name, value in query:
        if name in members:
            raise ProblemError(UNKNOWN_PARAMETER, f"{name} is given twice: give it once.", parameter=name)
        members[name] = float(value) if name == "window" and _DECIMAL.fullmatch(value) else value
    return _plot_request(members, data_bucket=data_bucket, now=now)


def _plot_request(members: Mapping[str, Any], *, data_bucket: str, now: int) -> PlotRequest:
    for name in members:
        if name not in PARAMETERS:
            raise ProblemError(
                UNKNOWN_PARAMETER,
                f"{shown(name)} is not a parameter: {', '.join(PARAMETERS)} are.",
                parameter=name,
            )
    if "window" in members and "from" in members:
        raise ProblemError(BAD_RANGE, "window and from are both given: give one of them.", parameter="from")
    bucket = _bucket(members["bucket"]) if "bucket" in members else data_bucket
    if "from" in members:
        return PlotRequest(bucket, _start(members["from"], now))
    return PlotRequest(bucket, now - _window(members.get("window", DEFAULT_WINDOW_SECONDS)))


def _members(body: bytes) -> dict[str, Any]:
    if len(body) > LARGEST_BODY:
        raise ProblemError(BAD_BODY, f"The body has {len(body)} bytes: at most {LARGEST_BODY} are read.")
    try:
        members = json.loads(body, parse_constant=_refuse_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:  # broken UTF-8 and endless numbers are ValueErrors too
        start = shown(body[:SHOWN_LENGTH].decode(errors="replace"))
        raise ProblemError(
            BAD_BODY,
            f"The body is not JSON ({error}): it begins {start}. Send it with Content-Type: application/json.",
        ) from error
    if not isinstance(members, dict):
        raise ProblemError(BAD_BODY, f"The body is not a JSON object: {shown(members)}.")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member is given twice")
    return members


def _bucket(value: Any) -> str:
    if isinstance(value, str) and _BUCKET.fullmatch(value):
        return value
    raise ProblemError(
        BAD_BUCKET,
        f"bucket is {shown(value)}: a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens.",
        parameter="bucket",
    )


def _window(value: Any) -> int:
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


def _start(value: Any, now: int) -> int:
    start = _instant(value)
    if start > now:
        raise _bad_from(value, f"it lies in the future (it is {times.to_text(now)})")
    if now - start > LONGEST_WINDOW_SECONDS * SECOND:
        raise _bad_from(value, f"it lies more than {LONGEST_WINDOW_SECONDS} seconds back")
    return start


def _instant(value: Any) -> int:
    """Return an ISO 8601 instant in microseconds since 1970."""
    form = "it is an instant like 2026-11-20T08:15:30Z or 2026-11-20T09:15:30.25+01:00 (in a URL: %2B01:00)"
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise _bad_from(value, form)
    try:
        return (datetime.fromisoformat(value) - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError) as error:
        raise _bad_from(value, f"no calendar has it ({error})") from error


def _bad_from(value: Any, reason: str) -> ProblemError:
    return ProblemError(BAD_FROM, f"from is {shown(value)}: {reason}.", parameter="from")
