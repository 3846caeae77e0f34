"""What a long range costs: pages and memory, counted on a stand-in for DynamoDB that has 100,000 samples."""

import gc
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from plotting.chart import MAX_SAMPLES
from plotting.history import MAX_ROWS, History, TooManySamplesError
from plotting.parsing import Range
from plotting.sources import Found, Sources
from size_history import times
from size_history.items import Peak, State, Totals, number, text
from size_history.sources import BucketStatus, Status

SECOND = 1_000_000
START = 1_795_000_000 * SECOND
ROWS_OF_A_PAGE = 4000
"""DynamoDB cuts at 1 MB: rows of 250 bytes, as they are when no key is long."""
HIGHEST = 31_415


class Table:
    """Answers queries as DynamoDB does, page by page, with rows that it makes for each page."""

    def __init__(self, rows):
        self.rows = rows
        self.queries = []

    def query(self, **query):
        self.queries.append(query)
        if "Limit" in query:
            return {"Items": []}
        begin = query.get("ExclusiveStartKey", 0)
        end = min(begin + ROWS_OF_A_PAGE, self.rows)
        page = {"Items": [self._row(index) for index in range(begin, end)]}
        return page if end == self.rows else {**page, "LastEvaluatedKey": end}

    def _row(self, index):
        size = 10**12 if index == HIGHEST else index % 1000
        return {
            "time": text(times.to_text(START + index * SECOND)),
            "total_size": number(size),
            "object_cnt": number(1),
        }


def read(rows):
    """Return the chart of a number of samples, the number of queries it took, and the maximum of memory in bytes."""
    table = Table(rows)
    history = History(table, "history", "index")
    totals = Totals(0, 0, 0, 0, 0, 0, START, 1, State.LIVE)
    gc.collect()  # what earlier tests left must not be collected, or warned of, within the measurement
    tracemalloc.start()
    try:
        range_ = Range("photos", START, START + rows * SECOND)
        with ThreadPoolExecutor(2) as threads:
            sources = Sources("data", history, None, None, None, None, None, threads)
            live = BucketStatus(Status.LIVE)
            chart = sources.chart(range_, Found("photos", totals, live, Peak(1, "other", START), None))
        return chart, len(table.queries), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_hundred_thousand_samples_take_a_page_for_each_megabyte_and_no_more_memory_than_a_fifth_of_them():
    _, _, memory_of_fewer = read(20_000)

    chart, queries, memory = read(100_000)

    assert queries == 100_000 // ROWS_OF_A_PAGE + 2
    assert chart.samples.count == 100_000
    assert len(chart.samples.kept) <= MAX_SAMPLES
    assert chart.bucket_maximum == 10**12
    assert memory < 1.2 * memory_of_fewer
    assert memory < 16 * 1024 * 1024


def test_reading_ends_soon_after_the_maximum_of_rows():
    table = Table(10**9)
    pages = History(table, "history", "index").samples(Range("photos", START, START + SECOND))

    with pytest.raises(TooManySamplesError):
        for _ in pages:
            pass

    assert len(table.queries) == -(-MAX_ROWS // ROWS_OF_A_PAGE)
