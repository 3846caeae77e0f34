"""What a range costs to read: requests and bytes, counted on a stand-in that computes up to 10⁸ samples of ten years."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from plotting import routes
from plotting.gateway import Request
from plotting.history import History
from plotting.ledger import Ledger
from plotting.sources import Sources
from size_history import times
from size_history.items import SIZE_INDEX
from tests.unit.plotting.computed import NOW, TEN_YEARS, Steady
from tests.unit.plotting.stored import BUCKET, HISTORY, LEDGER, PAGE_BYTES
from tests.unit.plotting.tables import Counts

SECOND = 1_000_000
DAY = 86_400 * SECOND
COUNTS = [10**power for power in range(2, 9)]
WINDOWS = {"10 s": 10, "1 d": 86_400, "31 d": 2_678_400, "1 y": 31_536_000, "all": 100 * 31_536_000}
RANGES = {
    "a day at odd instants": (NOW - TEN_YEARS // 3 - DAY, NOW - TEN_YEARS // 3 + 12_345),
    "a month at odd instants": (NOW - TEN_YEARS // 2 - 20 * DAY, NOW - TEN_YEARS // 2 + 11 * DAY - 1),
    "nine years at odd instants": (NOW - 9 * TEN_YEARS // 10 + 54_321, NOW - 11 * DAY // 17),
    "one minute": (NOW - TEN_YEARS // 2 - 30 * SECOND, NOW - TEN_YEARS // 2 + 30 * SECOND),
}
QUERIES = {name: {"window": str(seconds)} for name, seconds in WINDOWS.items()} | {
    name: {"from": times.to_text(start), "to": times.to_text(end)} for name, (start, end) in RANGES.items()
}
FEWEST_REQUESTS, MOST_REQUESTS = 4, 8
"""For the totals, the index, the total before the range, and its samples; and at most twice as many."""
MOST_BYTES = PAGE_BYTES * 3 // 2


def asked(bucket, query, path="/plot", **more):
    """Return the answer, and what it took."""
    engine = bucket.engine()
    with ThreadPoolExecutor(4) as threads:
        ledger = Ledger(engine, LEDGER, threads)
        history = History(engine, HISTORY, SIZE_INDEX)
        sources = Sources(BUCKET, history, ledger, None, Counts(), Counts(), Counts(), threads, **more)
        answer = routes.answer(sources, Request("GET", path, tuple(query.items())), NOW)
    assert answer.status == 200
    return json.loads(answer.body), engine.asked


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("count", COUNTS)
def test_any_range_of_any_number_of_samples_is_exact_and_takes_at_most_twice_the_fewest_requests(count, name):
    bucket = Steady(count)

    shown, requests = asked(bucket, {**QUERIES[name], "format": "json"})

    start, end = times.from_text(shown["from"]), times.from_text(shown["to"])
    first, last = bucket.since(start), (count if name in WINDOWS else bucket.since(end)) - 1
    minimum, maximum, _ = bucket.extremes(max(first - 1, 0), last)
    assert (shown["minimum"], shown["maximum"]) == (minimum.size, maximum.size)
    assert shown["sample_cnt"] == last - first + 1
    assert len(requests) <= MOST_REQUESTS
    assert sum(request.bytes for request in requests) <= MOST_BYTES


def test_the_fewest_requests_are_those_of_a_few_samples():
    _, requests = asked(Steady(10**6), {"window": "1000", "format": "json"})

    assert len(requests) == FEWEST_REQUESTS


@pytest.mark.parametrize("count", COUNTS)
def test_samples_that_name_as_many_keys_as_they_can_take_at_most_two_requests_more(count):
    bucket = Steady(count, tuple("k" * 1024 for _ in range(10)))

    _, requests = asked(bucket, {**QUERIES["a month at odd instants"], "format": "json"})

    assert len(requests) <= MOST_REQUESTS + 2
    assert sum(request.bytes for request in requests) <= MOST_BYTES + 4 * PAGE_BYTES


@pytest.mark.parametrize("name", QUERIES)
def test_the_extremes_of_a_range_take_no_more_than_its_picture(name):
    bucket = Steady(10**8)

    of_plot, requests_of_plot = asked(bucket, {**QUERIES[name], "format": "json"})
    answer, requests = asked(bucket, QUERIES[name], path="/range")

    assert len(requests) == len(requests_of_plot) - 1
    for extreme in ("minimum", "maximum"):
        assert answer[extreme]["total_size"] == of_plot[extreme]
    assert answer["sample_cnt"] == of_plot["sample_cnt"]
