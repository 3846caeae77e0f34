"""A reading of any range is what one gets by looking at every sample: on random samples, ranges and retentions."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotting import hierarchy, ranges
from plotting.history import History
from plotting.in_force import RollupsMissingError
from plotting.parsing import Range
from plotting.ranges import Ranges
from plotting.retention import fitted
from plotting.rollups import Rollups
from size_history.items import SIZE_INDEX, State, Totals
from size_history.rollups import Point, Unit
from tests.unit.plotting.stored import BUCKET, HISTORY, LEDGER, AtOnce, engine_of, written

SECOND = 1_000_000
MINUTE, HOUR, DAY = (unit.length for unit in Unit)
START = 1_795_000_000 * SECOND
MAX_SAMPLES = 3


@pytest.fixture(autouse=True, scope="module")
def _small_limits():
    """Let few samples be too many, and few intervals too many for a unit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges, "MAX_SAMPLES", MAX_SAMPLES)
        patch.setattr(ranges, "KEYS_AT_ONCE", 7)
        patch.setattr(hierarchy, "MAX_POINTS", 30)
        yield


GAPS = st.sampled_from([1, 2, SECOND, 20 * SECOND, MINUTE, 7 * MINUTE, HOUR, 5 * HOUR, DAY, 9 * DAY])


@st.composite
def histories(draw):
    """Return samples in rising time, crowded and far apart."""
    start = START + draw(st.integers(0, 2 * HOUR))
    gaps = draw(st.lists(st.tuples(GAPS, st.integers(0, 3)), max_size=30))
    times = itertools.accumulate((gap + jitter for gap, jitter in gaps), initial=start)
    return [Point(draw(st.integers(0, 9)), draw(st.integers(0, 3)), time) for time in times][1:]


@st.composite
def edges(draw, points):
    """Return an instant at or near a sample or a boundary of an interval."""
    near = draw(st.sampled_from([point.time for point in points] or [START]))
    unit = draw(st.sampled_from([None, *Unit]))
    near = unit.start_of(near) + draw(st.sampled_from([0, unit.length])) if unit else near
    return near + draw(st.sampled_from([0, 0, -1, 1, SECOND, -DAY, 13 * HOUR, 40 * DAY]))


@st.composite
def cases(draw):
    """Return samples, and a range near them."""
    points = draw(histories())
    start, end = sorted([draw(edges(points)), draw(edges(points))])
    return points, Range(BUCKET, start, max(end, start + 1), live=draw(st.booleans()))


def read(points, range_, horizon=0, **more):
    """Return the reading of a range as the tracker wrote it; samples before the horizon are gone."""
    totals, rollups = written(points)
    kept = [point for point in points if point.time >= horizon]
    engine = engine_of(kept, rollups, **more)
    reader = Ranges(History(engine, HISTORY, SIZE_INDEX), Rollups(engine, LEDGER), AtOnce())
    return reader.read(fitted(range_, horizon), totals, horizon), engine


def check(points, range_, reading):
    """Compare a reading with all samples; the range may have been extended to whole minutes."""
    start, end = reading.range.start, reading.range.end
    assert Unit.MINUTE.start_of(range_.start) <= start <= range_.start
    assert range_.end <= end < range_.end + MINUTE
    inside = [point for point in points if start <= point.time and (range_.live or point.time < end)]
    earlier = [point for point in points if point.time < start]
    seen = [*earlier[-1:], *inside]

    assert reading.before == (earlier[-1] if earlier else None)
    assert reading.sample_cnt == len(inside)
    assert reading.minimum == min(seen, key=lambda point: point.size, default=None)
    assert reading.maximum == max(seen, key=lambda point: point.size, default=None)
    assert reading.line[-1:] == tuple(seen[-1:])

    unit = reading.unit
    groups = itertools.groupby(inside, lambda point: unit.start_of(point.time) if unit else point)
    expected = [list(group) for _, group in groups]
    assert [point.last for point in reading.points] == [group[-1] for group in expected]
    assert [point.interval.sample_cnt for point in reading.points] == list(map(len, expected))
    assert [point.interval.minimum for point in reading.points] == [
        min(g, key=lambda p: p.size) for g in expected
    ]
    assert [point.interval.maximum for point in reading.points] == [
        max(g, key=lambda p: p.size) for g in expected
    ]
    return seen


@given(cases())
def test_a_range_is_read_exactly(case):
    points, range_ = case

    reading, _ = read(points, range_)

    seen = check(points, range_, reading)
    overfull = reading.range != range_
    assert overfull or reading.first == (seen[0] if seen else None)
    if reading.unit:
        assert reading.sample_cnt > MAX_SAMPLES
    else:  # those that were read to see whether there are more are an answer, too
        assert reading.sample_cnt <= MAX_SAMPLES + 1


@given(cases(), st.integers(1, 3))
def test_pages_of_a_few_rows_change_nothing_but_that_fewer_samples_are_read_as_such(case, rows):
    points, range_ = case

    reading, _ = read(points, range_, page_bytes=rows * 100)

    check(points, range_, reading)


@given(cases(), st.data())
def test_a_range_beyond_retention_is_read_exactly_but_by_whole_minutes(case, data):
    points, range_ = case
    horizon = Unit.MINUTE.start_of(data.draw(edges(points)))

    reading, _engine = read(points, range_, horizon)

    seen = check(points, range_, reading)
    if range_.start < horizon:
        assert reading.range.start == Unit.MINUTE.start_of(range_.start)
        assert reading.unit or not reading.points
    # Of a bucket's first minute, only the lowest, the highest and the last total are left.
    assert (reading.first in seen) if seen else reading.first is None


def test_a_range_within_a_crowded_minute_is_extended_to_the_whole_minute():
    """As after a tracker's clock was ahead: then all samples follow each other by a microsecond."""
    points = [Point(number % 7, 1, START + number) for number in range(50)] + [Point(9, 1, START + HOUR)]

    reading, _ = read(points, Range(BUCKET, START + 10, START + 20, live=False))

    assert (reading.range.start, reading.range.end) == (
        START - START % MINUTE,
        START - START % MINUTE + MINUTE,
    )
    assert reading.unit is Unit.MINUTE
    assert reading.sample_cnt == 50


@pytest.mark.parametrize(
    ("length", "unit"), [(30 * MINUTE, Unit.MINUTE), (30 * HOUR, Unit.HOUR), (30 * HOUR + 1, Unit.DAY)]
)
def test_the_unit_is_the_finest_with_few_enough_intervals(length, unit):
    begin = START - START % DAY
    points = [Point(1, 1, begin + number * length // 9) for number in range(12)]

    reading, _ = read(points, Range(BUCKET, begin, begin + length, live=False))

    assert reading.unit is unit


def test_the_time_before_the_first_sample_does_not_make_the_unit_coarser():
    points = [Point(number, 1, START + number * MINUTE) for number in range(20)]

    reading, _ = read(points, Range(BUCKET, 0, START + HOUR, live=True))

    assert reading.unit is Unit.HOUR
    assert (reading.range.start, reading.before, reading.first) == (0, None, points[0])


def test_a_range_with_many_samples_needs_the_rollups_and_one_with_few_does_not():
    points = [Point(number, 1, START + number * HOUR) for number in range(9)]
    _, rollups = written(points)
    totals = Totals(8, 1, 9, 0, 0, 8, points[-1].time, 9, State.LIVE)
    engine = engine_of(points, rollups)
    reader = Ranges(History(engine, HISTORY, SIZE_INDEX), Rollups(engine, LEDGER), AtOnce())

    assert reader.read(Range(BUCKET, START + HOUR, START + 3 * HOUR, live=False), totals).sample_cnt == 2
    with pytest.raises(RollupsMissingError, match="the rollups of bucket photos are still being made"):
        reader.read(Range(BUCKET, START, START + 9 * HOUR), totals)
