"""The trace is small, has no key's name, and is off unless the function turns it on."""

import logging
import os
import subprocess
import sys

from size_history.items import Peak, Sample, State, Totals
from size_history.rollups import Interval, Point, Unit
from size_tracking import trace
from size_tracking.track_plan import ROOM
from size_tracking.values import Observation, RowWrite, Transaction

NOW = 1_764_366_170_123_456
MAX_LINE_BYTES = 400
FRAME_BYTES = len("[DEBUG]\t2026-11-28T21:00:00.000Z\t54e95de1-357a-43af-9ce5-ab109b68ae66\t\n") + 26
"""What Lambda puts around a line, and what CloudWatch Logs adds to the bytes of each event that it counts."""
DOLLARS_PER_BYTE = 0.50 / 1e9


def commit(keys=1, bucket="tidemark-data-123456789012", size=123_456_789_012):
    """Return a commit of this number of keys that raises the peak."""
    rows = tuple(
        RowWrite(f"movies/{number}", NOW, NOW + 1, Observation(12_345_678, "e", "t"), size_before=1_234_567)
        for number in range(keys)
    )
    point = Point(size, 123_456, NOW)
    open_ = tuple(
        Interval(unit.start_of(NOW), point, point, count)
        for unit, count in zip(Unit, (12, 345, 6789), strict=True)
    )
    totals = Totals(size, 123_456, 12_345, 1_234, 123, size, NOW, 123_456, State.LIVE, open_)
    return Transaction(
        bucket,
        rows,
        totals=totals,
        sample=Sample(bucket, NOW, size, 123_456),
        peak=Peak(size, bucket, NOW),
    )


def lines_of(transaction, caplog):
    with caplog.at_level(logging.DEBUG, trace.log.name):
        trace.committed(trace.attempt(transaction))
    return caplog.messages


def test_an_event_costs_less_than_400_bytes_and_a_third_of_a_dollar_per_million(caplog, show):
    attempt, committed = lines_of(commit(), caplog)
    caplog.clear()
    by_ten = sum(len(line) + FRAME_BYTES for line in lines_of(commit(10), caplog)) / 10

    alone = len(attempt) + len(committed) + 2 * FRAME_BYTES
    dollars = [each * DOLLARS_PER_BYTE * 1e6 for each in (alone, by_ten)]
    show(
        f"\n  the trace of an event: {len(attempt)} and {len(committed)} bytes, {alone} as CloudWatch counts them; "
        f"per million events ${dollars[0]:.2f} one by one, ${dollars[1]:.2f} by ten"
    )
    assert len(attempt) + len(committed) < MAX_LINE_BYTES
    assert dollars[0] < 0.33


def test_the_longest_names_and_numbers_make_little_difference(caplog):
    attempt, committed = lines_of(commit(bucket="b" * 63, size=10**18), caplog)

    assert len(attempt) + len(committed) < MAX_LINE_BYTES + 100


def test_a_full_chunk_is_one_line_far_below_the_limit_of_an_event(caplog):
    attempt, _ = lines_of(commit(ROOM - 1), caplog)

    assert len(attempt) < 8_000 < 256 * 1024


def test_a_line_names_no_key(caplog):
    assert "movies" not in "".join(lines_of(commit(), caplog))


def test_nothing_is_written_unless_it_is_turned_on(caplog):
    with caplog.at_level(logging.INFO, trace.log.name):
        trace.committed(trace.attempt(commit()))

    assert caplog.messages == []


def test_the_function_turns_it_on():
    """A process of its own, because this one would trace from then on."""
    names = (
        "HISTORY_TABLE",
        "LEDGER_TABLE",
        "QUEUE_URL",
        "TRACKED_BUCKETS",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    )
    program = "from size_tracking import handler, trace; print(trace.log.level); handler._wired(); print(trace.log.level)"

    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **dict.fromkeys(names, "us-east-1")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert answer.stdout.split() == [str(logging.NOTSET), str(logging.DEBUG)]
