"""The adapters and the read behind a picture, against a real DynamoDB engine."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from plotting import ranges
from plotting.history import History
from plotting.ledger import Ledger, Rows
from plotting.parsing import Range
from plotting.sources import Found, Sources
from size_history.items import Peak, Sample, State, Totals
from size_history.rollups import Point, Unit
from size_history.sources import Source, Status, status_of
from tests.integration.plotting.calls import put
from tests.unit.plotting.stored import written

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
        live = state is State.LIVE
        totals = Totals(0, 0, 0, 0, 0, max_size, live * (START + 4 * SECOND), 1, state)
        rows = [totals.to_item(BUCKET), Source(START).to_item(BUCKET), *([peak.to_item()] if peak else [])]
        put(dynamodb, tables.ledger, *rows)

    return write


def sizes_of(samples):
    return [sample.total_size for sample in samples]


def read(history, ledger, range_):
    with ThreadPoolExecutor() as threads:
        sources = Sources("data", history, ledger, None, None, None, None, threads)
        rows = ledger.rows(range_.bucket)
        status = status_of(rows.totals, rows.source, START)
        return sources.chart(range_, Found(range_.bucket, rows.totals, status, rows.peak, None))


def test_samples_are_those_of_the_range_in_time_order(history, record):
    record(0, 18, 27, 0, 2)
    record(99, bucket="photos2")

    samples, until = history.first_samples(BUCKET, START + 2 * SECOND, START + 4 * SECOND, 5)

    assert (sizes_of(samples), until) == ([27, 0], START + 4 * SECOND)


def test_the_first_microsecond_of_the_range_is_in_it(history, record):
    record(18)

    assert sizes_of(history.first_samples(BUCKET, START, START + 1, 5)[0]) == [18]
    assert history.first_samples(BUCKET, START + 1, START + 2, 5) == ([], START + 2)


def test_one_sample_more_than_the_limit_tells_that_there_are_more(history, record):
    record(*range(9))

    samples, until = history.first_samples(BUCKET, START, START + 9 * SECOND, 5)

    assert (sizes_of(samples), until) == ([0, 1, 2, 3, 4, 5], START + 5 * SECOND + 1)


def test_samples_are_read_to_the_maximum_of_pages(history, record):
    """300 rows of 10 kB are three pages of 1 MB, of which two are read."""
    record(*range(300), keys=tuple("k" * 1000 + str(number) for number in range(10)))

    samples, until = history.first_samples(BUCKET, START, START + 300 * SECOND, 2000)

    assert sizes_of(samples) == list(range(len(samples)))
    assert 150 < len(samples) < 300
    assert until == samples[-1].time + 1


@pytest.mark.parametrize("live", [True, False])
def test_a_range_of_many_samples_is_read_by_their_rollups(
    dynamodb, tables, history, ledger, monkeypatch, live
):
    """The rows are those that the tracker would write, in a real engine."""
    monkeypatch.setattr(ranges, "MAX_SAMPLES", 5)
    points = [Point(number * 7 % 11, number, START + number * 1000 * SECOND) for number in range(300)]
    totals, rollups = written(points)
    put(dynamodb, tables.history, *(Sample(BUCKET, p.time, p.size, p.count).to_item() for p in points))
    put(dynamodb, tables.ledger, *(rollup.to_item(BUCKET) for rollup in rollups))
    first, last = 3, 290
    range_ = Range(BUCKET, points[first].time, points[last].time + 1, live=live)

    with ThreadPoolExecutor() as threads:
        reading = ranges.Ranges(history, ledger.rollups, threads).read(range_, totals)

    inside = points[first:] if live else points[first : last + 1]
    assert reading.unit is Unit.HOUR
    assert (reading.before, reading.sample_cnt, reading.line[-1]) == (points[2], len(inside), inside[-1])
    assert reading.minimum == min(points[2:], key=lambda point: point.size)
    assert reading.maximum == max(points[2:], key=lambda point: point.size)
    assert [point.interval.start for point in reading.points] == sorted(
        {Unit.HOUR.start_of(p.time) for p in inside}
    )


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
    assert sizes_of(history.first_samples(BUCKET, START, START + 1, 5)[0]) == [2**60 + 1]


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

    assert [point.last.size for point in chart.reading.points] == [0, 2]
    assert chart.reading.before.size == 27
    assert chart.bucket_maximum == 27
    assert (chart.highest.size, chart.highest.bucket) == (50, "videos")
    assert (chart.start, chart.end) == (START + 3 * SECOND, START + 10 * SECOND)


def test_a_bucket_still_being_adopted_is_an_ordinary_empty_chart(history, ledger, track):
    track(state=State.ADOPTING)

    chart = read(history, ledger, Range(BUCKET, START, START + SECOND))

    assert chart.status.state is Status.ADOPTING
    assert chart.reading.line == ()
    assert chart.bucket_maximum is None
    assert chart.highest is None
