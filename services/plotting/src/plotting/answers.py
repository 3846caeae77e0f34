"""The JSON and the CSV of each answer; sizes in bytes, instants in ISO 8601 (UTC). openapi.yaml describes them."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from plotting.chart import Chart
from plotting.ledger import Prefix
from plotting.parsing import HistoryRequest
from size_history import times
from size_history.items import Peak, Sample, Totals

SAMPLE_COLUMNS = (
    "time",
    "total_size",
    "object_cnt",
    "created_cnt",
    "overwritten_cnt",
    "removed_cnt",
    "changed_cnt",
)

Members = dict[str, Any]


def plot(chart: Chart) -> Members:
    """Return what a picture shows."""
    return {
        "bucket": chart.bucket,
        "from": times.to_text(chart.start),
        "to": times.to_text(chart.end),
        "before": _point(chart.before) if chart.before else None,
        "points": [_point(sample) for sample in chart.samples.kept],
        "sample_cnt": chart.samples.count,
        "thinned": chart.samples.thinned,
        "bucket_maximum": chart.bucket_maximum,
        "any_bucket_maximum": chart.highest.size if chart.highest else None,
        "any_bucket_maximum_in": chart.highest.bucket if chart.highest else None,
    }


def history(
    request: HistoryRequest, before: Sample | None, samples: Iterable[Sample], following: str | None
) -> Members:
    """Return a page of samples, and the cursor of the one that follows."""
    return {
        "bucket": request.range.bucket,
        "from": times.to_text(request.range.start),
        "to": times.to_text(request.range.end),
        "order": "desc" if request.descending else "asc",
        "before": sample_members(before) if before else None,
        "samples": [sample_members(sample) for sample in samples],
        "next": following,
    }


def sample_members(sample: Sample) -> Members:
    """Return a whole sample."""
    return {
        **_point(sample),
        "created_cnt": sample.created_cnt,
        "overwritten_cnt": sample.overwritten_cnt,
        "removed_cnt": sample.removed_cnt,
        "changed_cnt": sample.changed_cnt,
        "changed_keys": list(sample.changed_keys),
    }


def history_csv(samples: Iterable[Sample]) -> str:
    """Return a page of samples as CSV with a line of names (RFC 4180).

    All of it is numbers and instants: a key would be text that a spreadsheet may take for a formula.
    """
    out = io.StringIO()
    rows = csv.DictWriter(out, SAMPLE_COLUMNS, extrasaction="ignore")
    rows.writeheader()
    rows.writerows(sample_members(sample) for sample in samples)
    return out.getvalue()


def size(bucket: str, at: int | None, since: int, total: int, count: int) -> Members:
    """Return what a bucket weighed at an instant, and since when."""
    return {
        "bucket": bucket,
        "at": None if at is None else times.to_text(at),
        "since": times.to_text(since),
        "total_size": total,
        "object_cnt": count,
    }


def count(bucket: str, totals: Totals) -> Members:
    """Return the recorded transitions, and how many objects there are."""
    return {
        "bucket": bucket,
        "created": totals.created,
        "overwritten": totals.overwritten,
        "removed": totals.removed,
        "present": totals.count,
    }


def prefixes(bucket: str, found: Iterable[Prefix], following: str | None) -> Members:
    """Return a page of prefixes; those without an object are left out."""
    entries = [
        {"prefix": prefix.name, "total_size": prefix.size, "object_cnt": prefix.count}
        for prefix in found
        if prefix.count
    ]
    return {"bucket": bucket, "prefixes": entries, "next": following}


def buckets(found: Mapping[str, Totals], peak: Peak | None, following: str | None) -> Members:
    """Return a page of buckets, and the maximum of all."""
    return {
        "buckets": [_bucket(name, totals) for name, totals in found.items()],
        "any_bucket_maximum": peak.size if peak else None,
        "any_bucket_maximum_in": peak.bucket if peak else None,
        "next": following,
    }


def _bucket(name: str, totals: Totals) -> Members:
    sampled = totals.last_time > 0
    return {
        "bucket": name,
        "state": totals.state.value,
        "total_size": totals.size,
        "object_cnt": totals.count,
        "bucket_maximum": totals.max_size if sampled else None,
        "last_change": times.to_text(totals.last_time) if sampled else None,
    }


def _point(sample: Sample) -> Members:
    return {
        "time": times.to_text(sample.time),
        "total_size": sample.total_size,
        "object_cnt": sample.object_cnt,
    }
