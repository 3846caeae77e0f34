"""Writes docs/budgets.md from the constants: `python -m tests.docs.budgets`."""

import re
from pathlib import Path

from size_history import budgets
from size_history.budgets import DRIVER, PLOTTING, TRACKER, Client, Function
from tests.bench.report import table

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "budgets.md"
FUNCTIONS = {"size-tracking": TRACKER, "plotting": PLOTTING, "driver": DRIVER}


def page() -> str:
    """Return the whole page."""
    return f"""# Time budgets

Who waits how long for what. `python -m tests.docs.budgets` writes this page from `size_history/budgets.py`, where each number
has its reason, and a test fails if the two differ or if a sum is too large. All times are in seconds.

## Who waits for whom

{_chain()}

## One request

A request is tried again after a timeout, a throttling or an error of the service, by botocore's standard retry mode. The longest
pause between two attempts follows throttling. "Read" limits each wait for bytes, and "connect" the wait for each address of a
name, so the figures hold for services that answer in one piece and have one address.

{_requests()}

## One invocation

A function begins no attempt of any request in the reserve at its end (`size_history/deadline.py`). So a service that hangs costs an
error that the function reports itself, and never a function that Lambda kills. The tracker reports the messages that it did not
finish, and SQS delivers them again. It gives each bucket and each other message of a batch an equal part of the time that is left,
but at least that of one attempt, so that one that hangs does not starve the others. A reconcile step heals keys until
{_number(budgets.LANDING_SECONDS)} seconds before requests may no longer begin, and then moves its run on.

{_invocations()}

## Loops

{_loops()}
"""


def _chain() -> str:
    visible = budgets.VISIBILITY_TIMEOUTS * TRACKER.timeout_seconds
    api = DRIVER.afterwards["api"]
    rows = [
        ("SQS", "size-tracking to process a batch", visible, "delivers the messages again"),
        (
            "SQS",
            f"{budgets.MAX_RECEIVES} such deliveries",
            budgets.MAX_RECEIVES * visible,
            "moves a message to the dead-letter queue",
        ),
        ("Lambda", "size-tracking", TRACKER.timeout_seconds, "kills it"),
        ("API Gateway", "plotting", budgets.GATEWAY_SECONDS, "answers 504"),
        ("Lambda", "plotting", PLOTTING.timeout_seconds, "kills it"),
        (
            "the dashboard",
            "the API",
            _seconds_of_the_page(),
            "says that the API does not answer, and asks again",
        ),
        ("driver", "the API's plot", api.longest_seconds, "fails, naming the API"),
        ("Lambda", "driver", DRIVER.timeout_seconds, "kills it"),
    ]
    return table(
        ("who", "waits for", "at most:", "then"), [(*row[:2], _number(row[2]), row[3]) for row in rows]
    )


def _seconds_of_the_page() -> float:
    source = (ROOT / "services" / "plotting" / "page" / "src" / "api.js").read_text(encoding="utf-8")
    found = re.search(r"TIMEOUT_MS = ([\d_]+);", source)
    assert found is not None, "api.js has no TIMEOUT_MS"
    return int(found[1]) / 1000


def _requests() -> str:
    rows = [
        (name, service, *_figures(client))
        for name, function in FUNCTIONS.items()
        for service, client in {**function.clients, **function.afterwards}.items()
    ]
    columns = ("function", "asks", "connect:", "read:", "attempts:", "longest pause:", "all together:")
    return table(columns, rows)


def _figures(client: Client) -> tuple[str, ...]:
    figures = (
        client.connect_seconds,
        client.read_seconds,
        client.attempts,
        client.max_pause_seconds,
        client.longest_seconds,
    )
    return tuple(map(_number, figures))


def _invocations() -> str:
    columns = (
        "function",
        "requests begin until:",
        "longest attempt and pause:",
        "then:",
        "to finish:",
        "ends by:",
        "timeout:",
    )
    return table(columns, [(name, *_sum(function)) for name, function in FUNCTIONS.items()])


def _sum(function: Function) -> tuple[str, ...]:
    tail = max(client.tail_seconds for client in function.clients.values())
    then = sum(client.longest_seconds for client in function.afterwards.values())
    ends = function.working_seconds + tail + then + function.finish_seconds
    figures = (function.working_seconds, tail, then, function.finish_seconds, ends, function.timeout_seconds)
    return tuple(map(_number, figures))


def _loops() -> str:
    reads = sum(budgets.FIRST_READ_PAUSE_SECONDS * 2**number for number in range(budgets.MAX_READS - 1))
    rows = [
        (
            "keys that DynamoDB left unread",
            f"{budgets.MAX_READS} requests",
            f"{_number(budgets.FIRST_READ_PAUSE_SECONDS)}, then twice as long each time: {reads:.2f} together",
        ),
        (
            "size-tracking, when another writer was faster",
            "until the deadline",
            (
                f"random, up to {_number(budgets.FIRST_PAUSE_SECONDS)}, then up to twice as long each time, up to "
                f"{_number(budgets.MAX_PAUSE_SECONDS)}"
            ),
        ),
        ("driver, for a sample", "until the deadline", _number(budgets.POLL_SECONDS)),
    ]
    return table(("loop", "goes on for", "pause"), rows)


def _number(value: float) -> str:
    return f"{value:g}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
