"""Lambda's own lines in a function's log (START, END, REPORT), as text or as JSON.

JSON records: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
"""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Report:
    """Duration (ms) and memory of one invocation. `status` is success, error, failure or timeout."""

    request_id: str
    version: str
    duration_ms: float
    memory_mb: int
    peak_memory_bytes: int | None = None
    init_ms: float | None = None
    status: str = "success"
    error_type: str = ""


def framed(report: Report, output: str, started: datetime, *, as_json: bool = False) -> str:
    """Return an invocation's log: Lambda's lines around the function's output."""
    if output and not output.endswith("\n"):
        output += "\n"
    if as_json:
        return f"{_json_start(report, started)}\n{output}{_json_report(report)}\n"
    return (
        f"START RequestId: {report.request_id} Version: {report.version}\n"
        f"{output}"
        f"END RequestId: {report.request_id}\n"
        f"{_text_report(report)}\n"
    )


def stamp(time: datetime) -> str:
    """Return an instant in the format of Lambda's log: UTC, milliseconds."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text_report(report: Report) -> str:
    parts = [
        f"REPORT RequestId: {report.request_id}",
        f"Duration: {report.duration_ms:.2f} ms",
        f"Billed Duration: {_billed_ms(report)} ms",
        f"Memory Size: {report.memory_mb} MB",
    ]
    if report.peak_memory_bytes is not None:
        parts.append(f"Max Memory Used: {_megabytes(report.peak_memory_bytes)} MB")
    if report.init_ms is not None:
        parts.append(f"Init Duration: {report.init_ms:.2f} ms")
    if report.status != "success":
        parts.append(f"Status: {report.status}")
    if report.error_type:
        parts.append(f"Error Type: {report.error_type}")
    return "\t".join(parts)


def _json_start(report: Report, started: datetime) -> str:
    return _record("platform.start", started, {"requestId": report.request_id, "version": report.version})


def _json_report(report: Report) -> str:
    metrics: dict[str, float] = {
        "durationMs": round(report.duration_ms, 3),
        "billedDurationMs": _billed_ms(report),
        "memorySizeMB": report.memory_mb,
    }
    if report.peak_memory_bytes is not None:
        metrics["maxMemoryUsedMB"] = _megabytes(report.peak_memory_bytes)
    if report.init_ms is not None:
        metrics["initDurationMs"] = round(report.init_ms, 3)
    record: dict[str, object] = {"requestId": report.request_id, "metrics": metrics, "status": report.status}
    if report.error_type:
        record["errorType"] = report.error_type
    return _record("platform.report", datetime.now(UTC), record)


def _record(kind: str, time: datetime, record: dict[str, object]) -> str:
    return json.dumps({"time": stamp(time), "type": kind, "record": record})


def _billed_ms(report: Report) -> int:
    return math.ceil(report.duration_ms + (report.init_ms or 0.0))


def _megabytes(size: int) -> int:
    return math.ceil(size / (1024 * 1024))
