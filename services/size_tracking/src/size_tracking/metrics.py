"""Metrics as log lines in CloudWatch's embedded metric format, which needs no request."""

import json
import os
from collections.abc import Mapping, Sequence

from size_history.items import Sample

NAMESPACE = "Tidemark"
MAX_VALUES = 100
"""Maximum number of values per metric in one record (a limit of the format)."""

Values = Mapping[str, tuple[int | Sequence[int], str]]
"""By metric name: one or more values, and their CloudWatch unit."""


def sizes(sample: Sample | None) -> Values:
    """Return the bucket's bytes and objects from its last sample, or nothing if there is no sample."""
    if sample is None:
        return {}
    return {"TotalSize": (sample.total_size, "Bytes"), "ObjectCount": (sample.object_cnt, "Count")}


def of_function() -> dict[str, str]:
    """Return the dimension of values that are about all buckets together."""
    return {"Function": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "unknown")}


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
