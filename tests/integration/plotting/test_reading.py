"""The adapters and the read behind a picture, against a real DynamoDB engine."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from plotting import history as history_module
from plotting.history import History, TooManySamplesError
from plotting.ledger import Ledger, Rows
from plotting.parsing import Range
from plotting.sources import Found, Sources
from size_history.items import Peak, Sample, State, Totals
from size_history.sources import Source, Status, status_of
from tests.integration.plotting.calls import put

SECOND = 1_000_000
START = 1_795_000_000 * SECOND
BUCKET = "photos"


@pytest.fixture
def history(dynamodb, tables):
    return History(dynamodb, tables.history, tables.size_index)


@pytest.fixture
def ledger(dynamodb, tables):
    with ThreadPoolExecutor() as threads:
        yield Ledger(dynamodb, tables.ledger, threads)


@pytest.fixture
def record(dynamodb, tables):
    """Write samples of sizes, one per second from START on, as the tracker does."""

    def write(*sizes, bucket=BUCKET, keys=()):
        samples = [
            Sample(bucket, START + index * SECOND, size, 1, changed_keys=keys)
            for index, size in enumerate(sizes)
        ]
        put(dynamodb, tables.history, *(sample.to_item() for sample in samples))

    return write


@pytest.fixture
def track(dynamodb, tables):
    """Write a bucket's totals, and the peak of all buckets."""

    def write(*, max_size=0, state=State.LIVE, peak=None):
        totals = Totals(0, 0, 0, 0, 0, max_size, START, 1, state)
        rows = [totals.to_item(BUCKET), Source(START).to_item(BUCKET), *([peak.to_item()] if peak else [])]
        put(dynamodb, tables.ledger, *rows)

    return write


def sizes_of(samples):
    return [sample.total_size for sample in samples]


def since(start):
    return Range(BUCKET, start, START + 10_000 * SECOND)


def read(history, ledger, range_):
    with ThreadPoolExecutor() as threads:
        sources = Sources("data", history, ledger, None, None, None, None, threads)
        rows = ledger.rows(range_.bucket)
        status = status_of(rows.totals, rows.source, START)
        return sources.chart(range_, Found(range_.bucket, rows.totals, status, rows.peak, None))


def test_samples_are_those_from_the_start_on_in_time_order(history, record):
    record(0, 18, 27, 0, 2)
    record(99, bucket="photos2")

    pages = list(history.samples(since(START + 2 * SECOND)))

    assert [sizes_of(page) for page in pages] == [[27, 0, 2]]


def test_the_first_microsecond_of_the_range_is_in_it(history, record):
    record(18)

    assert sizes_of(next(history.samples(since(START)))) == [18]
    assert next(history.samples(since(START + 1))) == []


def test_samples_are_read_to_the_last_page(history, record):
    """300 rows of 10 kB are three pages of 1 MB."""
    record(*range(300), keys=tuple("k" * 1000 + str(number) for number in range(10)))

    pages = list(history.samples(since(START)))

    assert len(pages) == 3
    assert [size for page in pages for size in sizes_of(page)] == list(range(300))


@pytest.mark.parametrize(("limit", "value"), [("MAX_PAGES", 2), ("MAX_ROWS", 150)])
def test_more_samples_than_one_answer_reads_are_an_error(history, record, monkeypatch, limit, value):
    monkeypatch.setattr(history_module, limit, value)
    record(*range(300), keys=tuple("k" * 1000 + str(number) for number in range(10)))

    with pytest.raises(TooManySamplesError, match="photos has more samples since 2026-"):
        list(history.samples(since(START)))


def test_the_sample_before_an_instant_is_the_last_one_strictly_before_it(history, record):
    record(0, 18, 27)

    assert history.sample_before(BUCKET, START) is None
    assert history.sample_before(BUCKET, START + 2 * SECOND).total_size == 18
    assert history.sample_before(BUCKET, START + 2 * SECOND + 1).total_size == 27


def test_the_largest_size_is_by_number_and_of_this_bucket_alone(history, record):
    record(9, 10, 2)
    record(1000, bucket="videos")

    assert history.largest_size(BUCKET) == 10
    assert history.largest_size("nothing-here") is None


def test_sizes_beyond_what_a_double_holds_stay_exact(history, record):
    record(2**60 + 1)

    assert history.largest_size(BUCKET) == 2**60 + 1
    assert sizes_of(next(history.samples(since(START)))) == [2**60 + 1]


def test_the_ledger_answers_a_buckets_rows_and_the_peak_and_none_where_there_are_none(ledger, track):
    assert ledger.rows(BUCKET) == Rows(None, None, None)
    assert ledger.peak() is None
    track(max_size=27, peak=Peak(50, "videos", START))

    rows = ledger.rows(BUCKET)

    assert (rows.totals.max_size, rows.source, rows.peak) == (27, Source(START), Peak(50, "videos", START))
    assert ledger.peak() == Peak(50, "videos", START)


def test_a_chart_holds_the_range_what_was_before_it_and_both_maxima(history, ledger, record, track):
    record(0, 18, 27, 0, 2)
    track(max_size=27, peak=Peak(50, "videos", START))

    chart = read(history, ledger, Range(BUCKET, START + 3 * SECOND, START + 10 * SECOND))

    assert sizes_of(chart.samples.kept) == [0, 2]
    assert chart.before.total_size == 27
    assert chart.bucket_maximum == 27
    assert (chart.highest.size, chart.highest.bucket) == (50, "videos")
    assert (chart.start, chart.end) == (START + 3 * SECOND, START + 10 * SECOND)


def test_a_bucket_still_being_adopted_is_an_ordinary_empty_chart(history, ledger, track):
    track(state=State.ADOPTING)

    chart = read(history, ledger, Range(BUCKET, START, START + SECOND))

    assert chart.status.state is Status.ADOPTING
    assert chart.samples.kept == ()
    assert chart.before is None
    assert chart.bucket_maximum is None
    assert chart.highest is None
