"""What a caller wants: the query or body of a request, checked, as one value per kind of request.

Pure: the time and the default bucket are passed in. Every mistake is one `ProblemError`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from plotting import parameters
from plotting.gateway import Query
from plotting.problems import BAD_BODY, BAD_RANGE, MAX_SHOWN_LENGTH, ProblemError, shown
from size_history.keys import MAX_KEY_BYTES

DEFAULT_WINDOW_SECONDS = 10
MAX_BODY_BYTES = 64 * 1024
"""Every valid body fits into a few hundred bytes."""
WINDOW_PARTS = 1000
"""A window's end is the present rounded up to a multiple of this fraction of the window, so that repeated requests get
the same picture for that long."""
MAX_STEP = 3600 * parameters.SECOND
"""The most that a window's end is rounded up by."""
MAX_SAMPLES = 1000
"""Maximum number of samples on a page of history."""
MAX_PREFIXES = 1000
"""Maximum number of prefixes on a page."""
MAX_BUCKETS = 100
"""Maximum number of buckets on a page: DynamoDB reads 100 items by key at once."""

PLOT_FORMATS = ("png", "svg", "json")
HISTORY_FORMATS = ("json", "csv")
ORDERS = ("asc", "desc")
_RANGE = ("bucket", "window", "from", "to")


@dataclass(frozen=True, slots=True)
class Range:
    """A bucket and a range of time from `start` to before `end` (microseconds since 1970, UTC).

    A `live` range ends at the present. It includes samples later than `end`, which a tracker whose clock is ahead writes.
    Unless all its samples are `kept`, a range begins with a whole minute and is read by the rollups.
    """

    bucket: str
    start: int
    end: int
    live: bool = True
    kept: bool = True


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """A page of at most `limit` samples of a range beyond `after` (a sample's time), oldest or latest first.

    No page has samples later than the range, live or not: the range is the same on every page.
    """

    range: Range
    descending: bool
    after: int | None
    limit: int
    format: str

    def cursor(self, after: int) -> str:
        """Return the cursor of the page that continues after a sample."""
        numbers = (str(number) for number in (self.range.start, self.range.end, after))
        return parameters.cursor_of("history", self.range.bucket, *numbers, ORDERS[self.descending])


@dataclass(frozen=True, slots=True)
class SizeQuery:
    """A bucket and an instant (microseconds since 1970, UTC), or None for the latest."""

    bucket: str
    at: int | None


@dataclass(frozen=True, slots=True)
class PageQuery:
    """A page of at most `limit` entries after the name `after` in the order of names; "" comes before all names."""

    bucket: str
    after: str
    limit: int


def from_body(body: bytes, *, data_bucket: str, now: int) -> Range:
    """Read the JSON body of POST /plot; an empty body means the defaults."""
    members = _members(body) if body.strip() else {}
    parameters.refuse_unknown(members, ("bucket", "window", "from"))
    return _range(members, data_bucket=data_bucket, now=now, parts=None)


def plot_query(query: Query, *, data_bucket: str, now: int) -> tuple[Range, str]:
    """Read the query of GET /plot: the range, and the format of the answer."""
    members = parameters.members_of(query, (*_RANGE, "format"))
    format_ = parameters.one_of("format", members.get("format", "png"), PLOT_FORMATS)
    return _range_of_query(members, data_bucket, now), format_


def range_query(query: Query, *, data_bucket: str, now: int) -> Range:
    """Read the query of GET /range."""
    return _range_of_query(parameters.members_of(query, _RANGE), data_bucket, now)


def history_query(query: Query, *, data_bucket: str, now: int) -> HistoryQuery:
    """Read the query of GET /history."""
    members = parameters.members_of(query, (*_RANGE, "order", "limit", "cursor", "format"))
    limit = parameters.limit(members, MAX_SAMPLES)
    format_ = parameters.one_of("format", members.get("format", "json"), HISTORY_FORMATS)
    order = parameters.one_of("order", members.get("order", "asc"), ORDERS)
    if "cursor" not in members:
        range_ = _range_of_query(members, data_bucket, now)
        return HistoryQuery(range_, order == "desc", None, limit, format_)
    # The cursor fixes the range. A range repeated beside it was checked on the first page and may be too old by now.
    next_page = _next_page(members["cursor"], limit, format_)
    _refuse_foreign_cursor(members, next_page.range.bucket)
    return next_page


def size_query(query: Query, *, data_bucket: str, now: int) -> SizeQuery:
    """Read the query of GET /size."""
    members = parameters.members_of(query, ("bucket", "at"))
    at = parameters.not_future("at", members["at"], now) if "at" in members else None
    return SizeQuery(_bucket(members, data_bucket), at)


def bucket_query(query: Query, *, data_bucket: str) -> str:
    """Read the query of GET /count: the bucket."""
    return _bucket(parameters.members_of(query, ("bucket",)), data_bucket)


def prefixes_query(query: Query, *, data_bucket: str) -> PageQuery:
    """Read the query of GET /prefixes."""
    members = parameters.members_of(query, ("bucket", "limit", "cursor"))
    bucket, after = _bucket(members, data_bucket), ""
    if "cursor" in members:
        bucket, after = parameters.parts_of_cursor("prefixes", members["cursor"], 2)
        bucket = _bucket_of_cursor(bucket)
        _refuse_foreign_cursor(members, bucket)
        if len(after.encode()) > MAX_KEY_BYTES:
            raise parameters.bad_cursor()
    return PageQuery(bucket, after, parameters.limit(members, MAX_PREFIXES))


def buckets_query(query: Query) -> PageQuery:
    """Read the query of GET /buckets; its `bucket` is empty."""
    members = parameters.members_of(query, ("limit", "cursor"))
    after = ""
    if "cursor" in members:
        (after,) = parameters.parts_of_cursor("buckets", members["cursor"], 1)
        after = _bucket_of_cursor(after)
    return PageQuery("", after, parameters.limit(members, MAX_BUCKETS))


def _range_of_query(members: Mapping[str, str], data_bucket: str, now: int) -> Range:
    numbers = {"window": parameters.number(members["window"])} if "window" in members else {}
    return _range({**members, **numbers}, data_bucket=data_bucket, now=now, parts=WINDOW_PARTS)


def _range(members: Mapping[str, Any], *, data_bucket: str, now: int, parts: int | None) -> Range:
    """Read bucket, window, from and to. With `parts`, a window's end is rounded up to one such part of the window."""
    if "window" in members and "from" in members:
        raise ProblemError(BAD_RANGE, "window and from are both given: give one of them.", parameter="from")
    bucket = _bucket(members, data_bucket)
    end = parameters.instant("to", members["to"]) if "to" in members else None
    if end is not None and end > now:
        end = None
    if "from" in members:
        return _from(members["from"], bucket, end, now)
    window = parameters.window(members.get("window", DEFAULT_WINDOW_SECONDS))
    if end is not None and end <= parameters.EARLIEST:
        raise ProblemError(BAD_RANGE, "to is not later than 1970: the range is empty.", parameter="to")
    if end is not None:
        return Range(bucket, max(end - window, parameters.EARLIEST), end, live=False)
    window = min(window, now)
    step = min(window // parts, MAX_STEP) if parts else 1
    end = -(-now // step) * step
    return Range(bucket, end - window, end)


def _from(value: Any, bucket: str, end: int | None, now: int) -> Range:
    start = parameters.not_future("from", value, now)
    if end is not None and end <= start:
        raise ProblemError(BAD_RANGE, "to is not later than from: the range is empty.", parameter="to")
    return Range(bucket, start, now if end is None else end, live=end is None)


def _next_page(cursor: str, limit: int, format_: str) -> HistoryQuery:
    bucket, *numbers, order = parameters.parts_of_cursor("history", cursor, 5)
    start, end, after = (_instant_of_cursor(number) for number in numbers)
    if order not in ORDERS or not start <= after < end:
        raise parameters.bad_cursor()
    range_ = Range(_bucket_of_cursor(bucket), start, end, live=False)
    return HistoryQuery(range_, order == "desc", after, limit, format_)


def _instant_of_cursor(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 16):  # up to the year 2286
        raise parameters.bad_cursor()
    return int(text)


def _bucket_of_cursor(text: str) -> str:
    try:
        return parameters.bucket(text)
    except ProblemError as error:
        raise parameters.bad_cursor() from error


def _refuse_foreign_cursor(members: Mapping[str, str], bucket: str) -> None:
    if members.get("bucket", bucket) != bucket:
        raise parameters.bad_cursor(f"it is of bucket {bucket}")


def _bucket(members: Mapping[str, Any], data_bucket: str) -> str:
    return parameters.bucket(members["bucket"]) if "bucket" in members else data_bucket


def _members(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_BODY_BYTES:
        raise ProblemError(BAD_BODY, f"The body has {len(body)} bytes: at most {MAX_BODY_BYTES} are read.")
    try:
        members = json.loads(body, parse_constant=_refuse_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:  # broken UTF-8 and endless numbers are ValueErrors too
        start = shown(body[:MAX_SHOWN_LENGTH].decode(errors="replace"))
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
