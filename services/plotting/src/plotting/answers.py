"""The answers: JSON and CSV bodies as openapi.yaml describes them, and the headers that all answers about buckets share.

Sizes are in bytes, instants in ISO 8601 (UTC).
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from plotting.chart import Chart
from plotting.freshness import Freshness, state_members
from plotting.gateway import Query, Request, Response, json_response, not_modified
from plotting.ledger import Prefix
from plotting.negotiation import BRIEFLY, etag, is_known
from plotting.parsing import HistoryQuery, SizeQuery
from plotting.reading import Reading
from plotting.sources import Entry
from size_history import times
from size_history.items import Peak, Rollup, Sample, Totals
from size_history.rollups import Point, Unit

_COUNTERS = ("created_cnt", "overwritten_cnt", "removed_cnt", "changed_cnt")
SAMPLE_COLUMNS = ("time", "total_size", "object_cnt", *_COUNTERS)

SAMPLE = "sample"
"""The unit of a point that is a single sample."""

Members = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in the making: its ETag, how fresh it is, and whether the caller has it already.

    The ETag is made of the values that determine the answer. For a bucket those are the query, its state, and the totals,
    which change in the transaction of every sample. So a caller that has the answer gets its 304 before anything else is
    read.
    """

    tag: str
    freshness: Freshness
    known: bool
    page_query: Query
    """The query parameters that the next page repeats beside its cursor."""

    @classmethod
    def to(cls, request: Request, freshness: Freshness, *parts: object) -> "Reply":
        """Begin the answer to a request; `parts` and the bucket's state determine it."""
        tag = etag(request.path, freshness.status, *parts)
        page_query = tuple(pair for pair in request.query if pair[0] in {"format", "limit"})
        return cls(tag, freshness, is_known(request.headers, tag), page_query)

    def not_modified(self) -> Response:
        """Return the 304."""
        return not_modified(self._headers())

    def json(self, members: Members, next_cursor: str | None = None) -> Response:
        """Return the answer in JSON."""
        return json_response({**members, **self.freshness.members()}, self._headers(next_cursor))

    def other(self, media_type: str, body: str | bytes, next_cursor: str | None = None) -> Response:
        """Return the answer in another format."""
        return Response(200, media_type, body, self._headers(next_cursor))

    def _headers(self, next_cursor: str | None = None) -> dict[str, str]:
        headers = {**self.freshness.headers(), "Cache-Control": BRIEFLY, "ETag": self.tag}
        if next_cursor is None:
            return headers
        return {**headers, "Link": f'<?{urlencode([("cursor", next_cursor), *self.page_query])}>; rel="next"'}


def plot(chart: Chart) -> Members:
    """Return what a picture shows."""
    reading = chart.reading
    lowest, highest = reading.minimum, reading.maximum
    return {
        "bucket": chart.bucket,
        "from": times.to_text(chart.start),
        "to": times.to_text(chart.end),
        "unit": reading.unit or SAMPLE,
        "before": _point(reading.before) if reading.before else None,
        "points": [_of_unit(point, reading.unit) for point in reading.points],
        "sample_cnt": reading.sample_cnt,
        "thinned": reading.unit is not None,
        "minimum": lowest.size if lowest else None,
        "maximum": highest.size if highest else None,
        "bucket_maximum": chart.bucket_maximum,
        "any_bucket_maximum": chart.highest.size if chart.highest else None,
        "any_bucket_maximum_in": chart.highest.bucket if chart.highest else None,
    }


def extremes(reading: Reading) -> Members:
    """Return the exact extremes of a range, and the totals in force at its ends."""
    last = reading.line[-1] if reading.line else None
    ends = {"minimum": reading.minimum, "maximum": reading.maximum, "first": reading.first, "last": last}
    return {
        "bucket": reading.range.bucket,
        "from": times.to_text(reading.range.start),
        "to": times.to_text(reading.end),
        **{name: _point(point) if point else None for name, point in ends.items()},
        "sample_cnt": reading.sample_cnt,
    }


def history(
    query: HistoryQuery, before: Sample | None, samples: Iterable[Sample], next_cursor: str | None
) -> Members:
    """Return a page of samples, and the cursor of the next one."""
    return {
        "bucket": query.range.bucket,
        "from": times.to_text(query.range.start),
        "to": times.to_text(query.range.end),
        "order": "desc" if query.descending else "asc",
        "before": sample_members(before) if before else None,
        "samples": [sample_members(sample) for sample in samples],
        "next": next_cursor,
    }


def sample_members(sample: Sample) -> Members:
    """Return a whole sample."""
    numbers = {name: getattr(sample, name) for name in SAMPLE_COLUMNS[1:]}
    return {"time": times.to_text(sample.time), **numbers, "changed_keys": list(sample.changed_keys)}


def history_csv(samples: Iterable[Sample]) -> str:
    """Return a page of samples as CSV with a line of names (RFC 4180).

    It has numbers and instants only: a spreadsheet might take a key for a formula.
    """
    out = io.StringIO()
    rows = csv.DictWriter(out, SAMPLE_COLUMNS, extrasaction="ignore")
    rows.writeheader()
    rows.writerows(sample_members(sample) for sample in samples)
    return out.getvalue()


def size(query: SizeQuery, total: Point, unit: Unit | None) -> Members:
    """Return a bucket's size at an instant, by the total in force; `unit` is what it is known by, None for a sample."""
    return {
        "bucket": query.bucket,
        "at": None if query.at is None else times.to_text(query.at),
        "since": times.to_text(total.time),
        "unit": unit or SAMPLE,
        "total_size": total.size,
        "object_cnt": total.count,
    }


def count(bucket: str, totals: Totals) -> Members:
    """Return the recorded transitions and the number of objects."""
    return {
        "bucket": bucket,
        "created": totals.created,
        "overwritten": totals.overwritten,
        "removed": totals.removed,
        "present": totals.count,
    }


def prefixes(bucket: str, found: Iterable[Prefix], next_cursor: str | None) -> Members:
    """Return a page of prefixes."""
    entries = [
        {"prefix": prefix.name, "total_size": prefix.size, "object_cnt": prefix.count} for prefix in found
    ]
    return {"bucket": bucket, "prefixes": entries, "next": next_cursor}


def buckets(found: Iterable[Entry], peak: Peak | None, next_cursor: str | None) -> Members:
    """Return a page of buckets, and the maximum of all buckets."""
    return {
        "buckets": [_bucket(entry) for entry in found],
        "any_bucket_maximum": peak.size if peak else None,
        "any_bucket_maximum_in": peak.bucket if peak else None,
        "next": next_cursor,
    }


def _bucket(entry: Entry) -> Members:
    totals = entry.totals
    sampled = totals.last_time > 0
    return {
        "bucket": entry.bucket,
        **state_members(entry.status),
        "total_size": totals.size,
        "object_cnt": totals.count,
        "bucket_maximum": totals.max_size if sampled else None,
        "last_change": times.to_text(totals.last_time) if sampled else None,
    }


def _point(point: Point) -> Members:
    return {"time": times.to_text(point.time), "total_size": point.size, "object_cnt": point.count}


def _of_unit(rollup: Rollup, unit: Unit | None) -> Members:
    """Return the last total of an interval, with the interval's minimum and maximum; a sample has neither."""
    interval = rollup.interval
    extremes = {"minimum": interval.minimum.size, "maximum": interval.maximum.size} if unit else {}
    return {**_point(rollup.last), **extremes}
