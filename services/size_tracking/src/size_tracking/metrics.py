"""Metrics as log lines: CloudWatch's embedded metric format, which costs no request."""

import json
from collections.abc import Mapping, Sequence

from size_history.items import Sample

NAMESPACE = "Tidemark"
MAX_VALUES = 100
"""So many values a metric of one record may have (a limit of the format)."""

Values = Mapping[str, tuple[int | Sequence[int], str]]
"""By the metric's name: a value, or several of them, and CloudWatch's unit."""


def sizes(sample: Sample | None) -> Values:
    """Return what a bucket weighs and holds, as its latest sample has it; nothing where there is none."""
    if sample is None:
        return {}
    return {"TotalSize": (sample.total_size, "Bytes"), "ObjectCount": (sample.object_cnt, "Count")}


def emit(dimensions: Mapping[str, str], values: Values, *, at: int) -> None:
    """Print one metric record of these values, at an instant (microseconds since 1970)."""
    record = {
        "_aws": {
            "Timestamp": at // 1000,
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [list(dimensions)],
                    "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in values.items()],
                }
            ],
        },
        **dimensions,
        **{name: value for name, (value, _) in values.items()},
    }
    print(json.dumps(record), flush=True)
