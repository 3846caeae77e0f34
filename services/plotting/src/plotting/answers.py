"""The JSON of each answer, and the headers that say how fresh a picture is."""

from typing import Any

from plotting.chart import Chart
from plotting.tracking_queue import Backlog
from size_history import times
from size_history.items import Sample


def plot_answer(chart: Chart, *, as_of: int, backlog: Backlog, plot_bucket: str, key: str) -> dict[str, Any]:
    """Return the answer of POST /plot; sizes in bytes, instants in ISO 8601 (UTC)."""
    return {
        "bucket": chart.bucket,
        "plot": {"bucket": plot_bucket, "key": key},
        "from": times.to_text(chart.start),
        "to": times.to_text(chart.end),
        "before": _point(chart.before) if chart.before else None,
        "points": [_point(sample) for sample in chart.samples.kept],
        "sample_cnt": chart.samples.count,
        "thinned": chart.samples.thinned,
        "bucket_maximum": chart.bucket_maximum,
        "any_bucket_maximum": chart.highest.size if chart.highest else None,
        **freshness(chart, as_of=as_of, backlog=backlog),
    }


def freshness(chart: Chart, *, as_of: int, backlog: Backlog) -> dict[str, Any]:
    """Return how fresh an answer is.

    `as_of`: everything recorded before this instant is in the answer. `state`: adopting or live.
    `queue_waiting`: changes not recorded yet, roughly; `queue_age_seconds`: 0 where there are none, null where
    there are some (SQS tells no age) or the queue did not answer, which `queue_problem` then says.
    """
    members: dict[str, Any] = {
        "as_of": times.to_text(as_of),
        "state": chart.state.value,
        "queue_age_seconds": backlog.age_seconds,
        "queue_waiting": backlog.waiting,
    }
    return members if backlog.reason is None else {**members, "queue_problem": backlog.reason}


def freshness_headers(chart: Chart, *, as_of: int, backlog: Backlog) -> dict[str, str]:
    """Return the same as headers (`Tidemark-As-Of` and so on), for answers that are not JSON."""
    return {
        "Tidemark-" + name.replace("_", "-").title(): "unknown" if value is None else str(value)
        for name, value in freshness(chart, as_of=as_of, backlog=backlog).items()
    }


def _point(sample: Sample) -> dict[str, Any]:
    return {
        "time": times.to_text(sample.time),
        "total_size": sample.total_size,
        "object_cnt": sample.object_cnt,
    }
