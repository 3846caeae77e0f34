"""The lines from which a run can be replayed, as a checker reads them."""

import json
import logging

import pytest

from size_history.items import Peak, Rollup, Sample, State, Totals
from size_history.rollups import Interval, Point, Unit
from size_tracking import trace
from size_tracking.ledger import Ledger
from size_tracking.values import ABSENT, Observation, RowWrite, Run, Transaction
from tests.stateful.memory import MemoryDynamoDB
from tests.unit.size_tracking.parts import NOW

TOTALS = Totals(10, 2, 3, 4, 5, max_size=6, last_time=7, revision=1, state=State.LIVE)
ROWS = (
    RowWrite("k", 0, 9, Observation(27, "e"), size_before=None),
    RowWrite("l", 4, 8, ABSENT, size_before=3),
)
WHOLE = Transaction(
    "b", ROWS, Run("r", 1, 1, 1, revision=1), (), TOTALS, Sample("b", 7, 10, 2), Peak(10, "b", 7)
)


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.DEBUG, logger=trace.log.name)
    return lambda: [
        json.loads(record.getMessage()) for record in caplog.records if record.name == trace.log.name
    ]


@pytest.fixture
def ledger():
    return Ledger(MemoryDynamoDB(), ledger_table="ledger", history_table="history")


def test_open_intervals_are_told_by_their_samples_and_closed_ones_by_their_extremes(lines):
    minute = Unit.MINUTE.length
    low, high = Point(3, 1, 5), Point(9, 2, 7)
    interval = Interval(0, low, high, 4)
    open_ = (Interval.of(minute, high), interval, interval)
    totals = Totals(9, 2, 2, 0, 0, 9, minute, 6, State.LIVE, open_)

    trace.attempt(Transaction("b", totals=totals, rollups=(Rollup(Unit.MINUTE, interval, high),)))

    (line,) = lines()
    assert line["open"] == [1, 4, 4]
    assert line["rollups"] == [["minute", 0, [5, 3, 1], [7, 9, 2], 4]]


def test_an_attempt_says_what_it_writes(lines):
    id_ = trace.attempt(WHOLE)

    assert lines() == [
        {
            "trace": "attempt",
            "id": id_,
            "bucket": "b",
            "rows": [[trace.digest("k"), 0, 9, None, 27], [trace.digest("l"), 4, 8, 3, None]],
            "totals": [1, 10, 2, 3, 4, 5, 6, 7, "live"],
            "sample": [7, 10, 2],
            "peak": 10,
            "run": 1,
        }
    ]
    assert len(id_) == 8


def test_what_a_transaction_does_not_write_is_left_out(lines):
    id_ = trace.attempt(Transaction("b"))

    assert lines() == [{"trace": "attempt", "id": id_, "bucket": "b"}]


def test_a_line_is_short(caplog):
    caplog.set_level(logging.DEBUG, logger=trace.log.name)

    trace.committed("1")

    assert [record.getMessage() for record in caplog.records] == ['{"trace":"committed","id":"1"}']


def test_a_digest_tells_keys_apart_and_nothing_else():
    assert trace.digest("k") == trace.digest("k") != trace.digest("l")
    assert len(trace.digest("ü" * 500)) == 12


def test_a_commit_is_traced_before_and_after(ledger, lines):
    transaction = Transaction("b", ROWS[:1], totals=TOTALS)

    ledger.commit(transaction, now=NOW)
    ledger.commit(transaction, now=NOW)  # refused: the rows have moved

    first, done, second = lines()
    assert (first["trace"], done, second["trace"]) == (
        "attempt",
        {"trace": "committed", "id": first["id"]},
        "attempt",
    )
    assert first["id"] != second["id"]


def test_the_creation_of_totals_is_traced(ledger, lines):
    ledger.create_totals("b", None, now=NOW)

    first, done = lines()
    assert first["bucket"] == "b"
    assert first["totals"] == [1, 0, 0, 0, 0, 0, 0, 0, "adopting"]
    assert done == {"trace": "committed", "id": first["id"]}


def test_without_the_level_nothing_is_traced(ledger, caplog):
    caplog.set_level(logging.INFO, logger=trace.log.name)

    assert trace.attempt(WHOLE) == ""
    ledger.create_totals("b", None, now=NOW)

    assert caplog.records == []
