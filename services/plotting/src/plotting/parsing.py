"""What a caller asks for: the body or the query of a request, checked, as one value per kind of request.

Pure: the time and the default bucket are passed in. Whatever is wrong is one `ProblemError`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from plotting import cursor, parameters
from plotting.parameters import LONGEST_WINDOW_SECONDS, SECOND
from plotting.problems import BAD_BODY, BAD_RANGE, SHOWN_LENGTH, ProblemError, shown
from size_history.keys import MAX_KEY_BYTES

DEFAULT_WINDOW_SECONDS = 10
LARGEST_BODY = 64 * 1024
"""Bytes. Everything a body may say fits in a few hundred."""
WINDOW_PARTS = 1000
"""The present is rounded up to one part in so many of a window: what it shows stays the same for as long."""
MOST_SAMPLES_OF_A_PAGE = 1000
MOST_ENTRIES_OF_A_PAGE = 100
"""DynamoDB reads so many items by key at once."""

RANGE = ("bucket", "window", "from", "to")
PLOT_FORMATS = ("png", "svg", "json")
HISTORY_FORMATS = ("json", "csv")
ORDERS = ("asc", "desc")

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Range:
    """A bucket and a range of time: `start` is in it, `end` is not (microseconds since 1970, UTC).

    `live`: it ends at the present. Then a sample later than `end`, of a tracker whose clock is ahead, is in it too.
    """

    bucket: str
    start: int
    end: int
    live: bool = True


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """A page of at most `limit` samples of a range, beyond `after` (a sample's time), oldest or latest first.

    It holds no sample later than the range, live or not: the range is the same on every page.
    """

    range: Range
    descending: bool
    after: int | None
    limit: int
    format: str

    def cursor(self, after: int) -> str:
        """Return the cursor of the page that goes on after a sample."""
        numbers = (str(number) for number in (self.range.start, self.range.end, after))
        return cursor.encoded("history", self.range.bucket, *numbers, ORDERS[self.descending])


@dataclass(frozen=True, slots=True)
class SizeRequest:
    """A bucket, and the instant to say its size at (microseconds since 1970, UTC), or None for the latest."""

    bucket: str
    at: int | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A page of at most `limit` entries in the order of their names, from beyond `after` on; "" is before all."""

    bucket: str
    after: str
    limit: int


def from_body(body: bytes, *, data_bucket: str, now: int) -> Range:
    """Read the JSON body of POST /plot; an empty body asks for the defaults."""
    members = _members(body) if body.strip() else {}
    parameters.refuse_unknown(members, ("bucket", "window", "from"))
    return _range(members, data_bucket=data_bucket, now=now, parts=None)


def plot_query(query: Query, *, data_bucket: str, now: int) -> tuple[Range, str]:
    """Read the query of GET /plot: the range, and the format of the answer."""
    members = parameters.given(query, (*RANGE, "format"))
    format_ = parameters.one_of("format", members.get("format", "png"), PLOT_FORMATS)
    return _range_of_query(members, data_bucket, now), format_


def history_query(query: Query, *, data_bucket: str, now: int) -> HistoryRequest:
    """Read the query of GET /history."""
    members = parameters.given(query, (*RANGE, "order", "limit", "cursor", "format"))
    limit = parameters.limit(members.get("limit", str(MOST_SAMPLES_OF_A_PAGE)), MOST_SAMPLES_OF_A_PAGE)
    format_ = parameters.one_of("format", members.get("format", "json"), HISTORY_FORMATS)
    order = parameters.one_of("order", members.get("order", "asc"), ORDERS)
    if "cursor" not in members:
        asked = _range_of_query(members, data_bucket, now)
        return HistoryRequest(asked, order == "desc", None, limit, format_)
    # The range is the cursor's: what is repeated beside it was checked for the first page, and may be too old by now.
    request = _followed(members["cursor"], limit, format_)
    _refuse_foreign_cursor(members, request.range.bucket)
    return request


def size_query(query: Query, *, data_bucket: str, now: int) -> SizeRequest:
    """Read the query of GET /size."""
    members = parameters.given(query, ("bucket", "at"))
    at = parameters.not_future("at", members["at"], now) if "at" in members else None
    return SizeRequest(_bucket(members, data_bucket), at)


def bucket_query(query: Query, *, data_bucket: str) -> str:
    """Read the query of GET /count: the bucket."""
    return _bucket(parameters.given(query, ("bucket",)), data_bucket)


def prefixes_query(query: Query, *, data_bucket: str) -> PageRequest:
    """Read the query of GET /prefixes."""
    members = parameters.given(query, ("bucket", "limit", "cursor"))
    bucket, after = _bucket(members, data_bucket), ""
    if "cursor" in members:
        bucket, after = cursor.decoded("prefixes", members["cursor"], 2)
        bucket = _bucket_of_cursor(bucket)
        _refuse_foreign_cursor(members, bucket)
        if len(after.encode()) > MAX_KEY_BYTES:
            raise cursor.refused()
    return PageRequest(bucket, after, _entries(members))


def buckets_query(query: Query) -> PageRequest:
    """Read the query of GET /buckets; the request's bucket says nothing."""
    members = parameters.given(query, ("limit", "cursor"))
    after = ""
    if "cursor" in members:
        (after,) = cursor.decoded("buckets", members["cursor"], 1)
        after = _bucket_of_cursor(after)
    return PageRequest("", after, _entries(members))


def nothing_asked(query: Query) -> None:
    """Refuse whatever is asked of a route without parameters."""
    parameters.given(query, ())


def _range_of_query(members: Mapping[str, str], data_bucket: str, now: int) -> Range:
    numbers = {"window": parameters.number(members["window"])} if "window" in members else {}
    return _range({**members, **numbers}, data_bucket=data_bucket, now=now, parts=WINDOW_PARTS)


def _range(members: Mapping[str, Any], *, data_bucket: str, now: int, parts: int | None) -> Range:
    """Read bucket, window, from and to. A window up to the present ends at the next of its `parts`, if given."""
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
    step = window // parts if parts else 1
    end = -(-now // step) * step
    return Range(bucket, end - window, end)


def _from(value: Any, bucket: str, end: int | None, now: int) -> Range:
    start = parameters.not_future("from", value, now)
    if end is not None and end <= start:
        raise ProblemError(BAD_RANGE, "to is not later than from: the range is empty.", parameter="to")
    if (now if end is None else end) - start <= LONGEST_WINDOW_SECONDS * SECOND:
        return Range(bucket, start, now if end is None else end, live=end is None)
    if end is None:
        raise parameters.bad_instant(
            "from", value, f"it lies more than {LONGEST_WINDOW_SECONDS} seconds back"
        )
    raise ProblemError(
        BAD_RANGE, f"The range is longer than {LONGEST_WINDOW_SECONDS} seconds.", parameter="to"
    )


def _followed(text: str, limit: int, format_: str) -> HistoryRequest:
    bucket, *numbers, order = cursor.decoded("history", text, 5)
    start, end, after = (_instant_of_cursor(number) for number in numbers)
    if order not in ORDERS or not start <= after < end or end - start > LONGEST_WINDOW_SECONDS * SECOND:
        raise cursor.refused()
    asked = Range(_bucket_of_cursor(bucket), start, end, live=False)
    return HistoryRequest(asked, order == "desc", after, limit, format_)


def _instant_of_cursor(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 16):  # up to the year 2286
        raise cursor.refused()
    return int(text)


def _bucket_of_cursor(text: str) -> str:
    try:
        return parameters.bucket(text)
    except ProblemError as error:
        raise cursor.refused() from error


def _refuse_foreign_cursor(members: Mapping[str, str], bucket: str) -> None:
    if members.get("bucket", bucket) != bucket:
        raise cursor.refused(f"it is of bucket {bucket}")


def _bucket(members: Mapping[str, Any], data_bucket: str) -> str:
    return parameters.bucket(members["bucket"]) if "bucket" in members else data_bucket


def _entries(members: Mapping[str, str]) -> int:
    return parameters.limit(members.get("limit", str(MOST_ENTRIES_OF_A_PAGE)), MOST_ENTRIES_OF_A_PAGE)


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
