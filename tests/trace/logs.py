"""The trace of a running environment, from its tracker's log group."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.environment import Environment
from tests.trace.checker import Findings, Rest, check
from tests.trace.lines import Totals, Trace, listening

MAX_LAG_SECONDS = 20
"""How long the last lines of an invocation may be on their way."""


@contextmanager
def checked_trace(environment: Environment) -> Iterator[None]:
    """Check, when the block has ended without an error, the trace of all that was committed meanwhile.

    The trackers that a test runs in its own process count too.
    """
    environment.wait_until_quiet(seconds=900)
    began = int(time.time() * 1000)
    with listening(Trace()) as ours:
        yield
        environment.wait_until_quiet(seconds=900)
    deadline = time.monotonic() + MAX_LAG_SECONDS
    while (findings := _findings(environment, began, ours)).incomplete and time.monotonic() < deadline:
        time.sleep(1)
    findings.demand(forgetting=True)


def _findings(environment: Environment, since: int, ours: Trace) -> Findings:
    trace = read(environment, since)
    trace.attempts |= ours.attempts
    trace.committed |= ours.committed
    buckets = {attempt.bucket for attempt in trace.attempts.values()}
    totals = {bucket: totals for bucket in buckets if (totals := environment.totals(bucket))}
    peak = environment.peak().size if totals else None
    return check(trace, Rest({bucket: Totals.of(each) for bucket, each in totals.items()}, peak))


def read(environment: Environment, since: int) -> Trace:
    """Return what the tracker traced since an instant (milliseconds since 1970)."""
    trace = Trace()
    pages = (
        environment.client("logs")
        .get_paginator("filter_log_events")
        .paginate(logGroupName=_log_group(environment), startTime=since)
    )
    for page in pages:
        for event in page["events"]:
            trace.read(event["message"])
    return trace


def _log_group(environment: Environment) -> str:
    function = environment.size_tracking_function
    answer = environment.client("lambda").get_function_configuration(FunctionName=function)
    return str(answer["LoggingConfig"]["LogGroup"])
