"""How long answers take, as log lines: CloudWatch's embedded metric format, which costs no request."""

import json

from plotting.routes import ROUTES

NAMESPACE = "Tidemark"
OTHER = "other"
"""The route of a request for which there is none: what callers invent must not become metrics, which cost by name."""


def emit_answer(*, function: str, method: str, path: str, milliseconds: float, at: int) -> None:
    """Print how long a function took for an answer, under its route, at an instant (microseconds since 1970)."""
    route = f"{method} {path}" if method in ROUTES.get(path, {}) else OTHER
    record = {
        "_aws": {
            "Timestamp": at // 1000,
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [["Function", "Route"]],
                    "Metrics": [{"Name": "AnswerTime", "Unit": "Milliseconds"}],
                }
            ],
        },
        "Function": function,
        "Route": route,
        "AnswerTime": round(milliseconds, 1),
    }
    print(json.dumps(record), flush=True)
