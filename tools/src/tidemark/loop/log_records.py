"""What functions log, as records: each line of CloudWatch Logs begins a record, or continues one (a traceback).

The lines are those of Lambda's Python runtime (`[INFO]<tab>time<tab>request id<tab>message`), of the platform (START,
END, REPORT), of the embedded metric format (JSON with `_aws`), and whatever a function prints.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

_LOGGED = re.compile(r"\[(\w+)\]\t(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\t(\S*)\t(.*)", re.DOTALL)
_NEXT = re.compile(r"(?<!^)(?=\[[A-Z]+\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t)")
"""The beginning of a record on the line of another: the runtime does not end the line after a traceback."""
_PLATFORM = re.compile(r"(START|END|REPORT) RequestId: (\S+)\s*(.*)", re.DOTALL)
_ERROR = re.compile(r"\[ERROR\] (?!\t)")
_ENDED = re.compile(r"(?:RequestId: (\S+) Error: |\S+Z (\S+) Task timed out)")
_FRAMES = re.compile(r"\s|Traceback \(|During handling of |The above exception |$")
_SEPARATOR = " \u21b5 "


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a function's log; the time is in milliseconds since 1970."""

    time: int
    service: str
    level: str
    request_id: str
    message: str


def records(service: str, events: Iterable[dict[str, Any]]) -> list[Record]:
    """Return the records of a function's log events, in the order of their time.

    An event is CloudWatch's: `logStreamName`, `timestamp` (milliseconds since 1970) and `message`. START and END are left
    out, because REPORT says the same, and so are DEBUG's records: the tracker's trace of its commits is for a checker.
    """
    streams: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        streams[event["logStreamName"]].append(event)
    found = [record for stream in streams.values() for record in _of_stream(service, stream)]
    return sorted(found, key=lambda record: record.time)


def in_one_line(record: Record) -> str:
    """Return a record's message as one line, with visible line ends."""
    return _SEPARATOR.join(line.rstrip() for line in record.message.splitlines() if line.strip())


def _of_stream(service: str, events: Iterable[dict[str, Any]]) -> list[Record]:
    found: list[Record] = []
    request_id, in_traceback = "", False
    for at, line in _lines(events):
        last = found[-1] if found else None
        frame = _FRAMES.match(line)
        if platform := _PLATFORM.match(line):
            kind, request_id, rest = platform.groups()
            in_traceback = False
            if kind == "REPORT":
                found.append(Record(at, service, kind, request_id, " ".join(rest.split())))
        elif last and last.level != "REPORT" and (frame or in_traceback):
            # The first line of a traceback that is not indented is the exception, and ends it.
            in_traceback = bool(frame) and (in_traceback or line.startswith("Traceback"))
            found[-1] = replace(last, message=f"{last.message}\n{line}")
        else:
            before = last.time if last and last.request_id == request_id else at
            found.append(_record(service, line, request_id, before))
            in_traceback = line.startswith("Traceback")
    return [record for record in found if record.message.strip() and record.level != "DEBUG"]


def _lines(events: Iterable[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    for event in events:
        # An exception that left the handler is one line, in which the runtime writes carriage returns.
        for line in _NEXT.split(event["message"].rstrip("\n").replace("\r", "\n")):
            yield event["timestamp"], line


def _record(service: str, line: str, request_id: str, time: int) -> Record:
    if logged := _LOGGED.match(line):
        level, stamp, own_request, message = logged.groups()
        logged_at = round(datetime.fromisoformat(stamp).timestamp() * 1000)
        return Record(logged_at, service, level, own_request or request_id, message)
    if _ERROR.match(line):  # an exception that left the handler; the runtime gives it no time
        return Record(time, service, "ERROR", request_id, line.removeprefix("[ERROR] "))
    if ended := _ENDED.match(line):
        return Record(time, service, "ERROR", ended.group(1) or ended.group(2), line)
    if line.startswith('{"_aws"'):
        return Record(time, service, "METRIC", request_id, _metric(line))
    return Record(time, service, "PRINT", request_id, line)


def _metric(line: str) -> str:
    try:
        values = json.loads(line)
    except ValueError:
        return line
    return " ".join(f"{name}={value}" for name, value in values.items() if name != "_aws")
