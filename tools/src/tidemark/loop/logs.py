"""`make logs`: what the functions log, all of them merged in the order of time, one line per record."""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from infra_cdk.images import SERVICES
from tidemark.aws import emulator
from tidemark.errors import CommandError
from tidemark.local.condition import running
from tidemark.local.state import DEFAULT, Environment, StateDirectory
from tidemark.loop.log_records import Record, in_one_line, records
from tidemark.loop.services import function_name, service_of
from tidemark.options import Function, State

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient

SINCE_MINUTES = "60"
_POLL_SECONDS = 0.4
_OVERLAP_MS = 10_000
"""How far back each look goes while following, because a function's log arrives unsorted when its invocation ends."""
_CODES = {"size-tracking": 36, "plotting": 35, "driver": 33, "ERROR": 31, "CRITICAL": 31}
"""The colours of services and levels."""


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours for a terminal; none if the output is no terminal, or if NO_COLOR is set (https://no-color.org)."""

    on: bool

    @classmethod
    def of_stream(cls, stream: TextIO, environ: Mapping[str, str] = os.environ) -> "Colours":
        """Return what suits a stream."""
        return cls(stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb")

    def paint(self, text: str, code: int | None) -> str:
        """Return a text in a colour (its number among the escape codes), or as it is."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and code else text


@dataclass(slots=True)
class Tail:
    """Reads each service's log group again and again, each event once. `since` is in milliseconds since 1970."""

    client: "CloudWatchLogsClient"
    groups: Mapping[str, str]
    since: int
    _seen: dict[str, int] = field(default_factory=dict)

    def read(self) -> list[Record]:
        """Return the new records, sorted by time."""
        found = [
            record
            for service, group in self.groups.items()
            for record in records(service, self._events(group))
        ]
        newest = max(self._seen.values(), default=self.since)
        self.since = max(self.since, newest - _OVERLAP_MS)
        self._seen = {event: at for event, at in self._seen.items() if at >= self.since}
        return sorted(found, key=lambda record: record.time)

    def _events(self, group: str) -> Iterator[dict[str, Any]]:
        pages = self.client.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=self.since
        )
        for page in pages:
            for event in page["events"]:
                if event["eventId"] not in self._seen:
                    self._seen[event["eventId"]] = event["timestamp"]
                    yield dict(event)


def tail(environment: Environment, services: Sequence[str], *, since: int) -> Tail:
    """Return a reader of these services' logs."""
    functions = emulator.client("lambda", environment.endpoint)
    groups = {}
    for service in services:
        name = function_name(service, environment.variables)
        logging = functions.get_function_configuration(FunctionName=name).get("LoggingConfig", {})
        groups[service] = logging.get("LogGroup") or f"/aws/lambda/{name}"
    return Tail(emulator.client("logs", environment.endpoint), groups, since)


def line(record: Record, colours: Colours) -> str:
    """Return a record as a line: UTC time, service, level, request (its first 8 digits), message."""
    at = datetime.fromtimestamp(record.time / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
    name = colours.paint(f"{record.service:<13}", _CODES[record.service])
    level = colours.paint(f"{record.level:<6}", _CODES.get(record.level))
    return f"{at} {name} {level} {record.request_id[:8]:<8} {in_one_line(record)}"


def show(reader: Tail, request: str, *, follow: bool) -> int:
    """Print the records that there are, and if told to follow, all that come; return how many were printed."""
    colours, shown = Colours.of_stream(sys.stdout), 0
    while True:
        for record in reader.read():
            if record.request_id.startswith(request):
                print(line(record, colours), flush=follow)
                shown += 1
        if not follow:
            return shown
        time.sleep(_POLL_SECONDS)


def command(
    *,
    state: State = DEFAULT,
    function: Function = "",
    request: Annotated[str, typer.Option(metavar="ID", help="The beginning of a request's id.")] = "",
    since: Annotated[str, typer.Option(metavar="MINUTES", help="How far back.")] = SINCE_MINUTES,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until Ctrl-C.")] = False,
) -> int:
    """Show what the functions log, merged by time, one line per record (default: of all functions)."""
    environment = running(StateDirectory.at(state))
    services = [service_of(function)] if function else SERVICES
    if not since.isdecimal():
        raise CommandError(f"SINCE={since} is no number of minutes")
    begin = round((time.time() - 60 * int(since)) * 1000)
    try:
        with emulator.explained(fix="see make status"):
            shown = show(tail(environment, services, since=begin), request, follow=follow)
    except BrokenPipeError:  # `make logs | head`
        sys.stderr.close()
        return 0
    if not shown:
        wanted = f" of request {request}" if request else ""
        print(f"logs: no record{wanted} in the last {since} minutes (SINCE=)", file=sys.stderr)
    return 0
