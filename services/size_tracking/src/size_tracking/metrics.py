"""Metrics as log lines: CloudWatch's embedded metric format, which costs no request."""

import json
from collections.abc import Mapping

NAMESPACE = "Tidemark"


def emit(dimensions: Mapping[str, str], values: Mapping[str, tuple[int, str]], *, at: int) -> None:
    """Print one metric record: each value with its CloudWatch unit, at an instant (microseconds since 1970)."""
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
