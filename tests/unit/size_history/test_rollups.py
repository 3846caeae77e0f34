"""Which interval a sample belongs to, and what an interval tells of its samples."""

from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from size_history.items import Rollup, Sample, State, Totals, folded
from size_history.rollups import Interval, Point, Unit, opened_by

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
NOON = 20_000 * DAY + 12 * HOUR
GAPS = st.sampled_from((1, SECOND, MINUTE - 1, MINUTE, HOUR, 5 * HOUR, DAY, 3 * DAY)) | st.integers(
    1, 2 * DAY
)
STEPS = st.lists(st.tuples(GAPS, st.integers(0, 3)), min_size=1, max_size=30)


def recorded(samples):
    """Return the totals and all closed intervals after these samples, which follow each other."""
    totals, closed = Totals(0, 0, 0, 0, 0, 0, 0, 0, State.ADOPTING), []
    for sample in samples:
        closed += totals.closed_by(sample.time)
        counters = (sample.created_cnt, sample.overwritten_cnt, sample.removed_cnt)
        totals = Totals(
            sample.total_size,
            sample.object_cnt,
            *counters,
            0,
            sample.time,
            1,
            State.LIVE,
            opened_by(totals.open or (), sample.point),
        )
    return totals, closed


def samples_of(steps, start=NOON):
    samples = []
    for gap, size in steps:
        start += gap
        samples.append(Sample("b", start, size, size))
    return samples


def by_definition(unit, samples):
    """Return the intervals of a unit as the module's first lines define them."""
    for start, group in groupby(samples, lambda sample: sample.time // unit.length * unit.length):
        *_, last = within = list(group)
        points = [sample.point for sample in within]
        lowest, highest = min(point.size for point in points), max(point.size for point in points)
        first = {point.size: point for point in reversed(points)}
        interval = Interval(start, first[lowest], first[highest], len(points))
        yield replace(Rollup.of(unit, last), interval=interval)


@pytest.mark.parametrize(
    ("unit", "length"), [(Unit.MINUTE, MINUTE), (Unit.HOUR, HOUR), (Unit.DAY, DAY)], ids=str
)
def test_an_interval_begins_at_a_multiple_of_its_length_in_utc(unit, length):
    assert unit.length == length
    assert unit.start_of(NOON) == unit.start_of(NOON + length - 1 - NOON % length) == NOON - NOON % length
    assert unit.start_of(NOON - NOON % length - 1) == NOON - NOON % length - length


def test_the_units_are_named_from_the_finest_and_each_divides_the_next():
    assert [*Unit] == ["minute", "hour", "day"]
    assert (HOUR % MINUTE, DAY % HOUR) == (0, 0)


def test_the_first_sample_opens_an_interval_of_each_unit():
    point = Point(7, 1, NOON + 61 * SECOND)

    assert opened_by((), point) == (
        Interval(NOON + MINUTE, point, point, 1),
        Interval(NOON, point, point, 1),
        Interval(NOON - 12 * HOUR, point, point, 1),
    )


def test_a_sample_at_the_start_of_an_interval_belongs_to_it_and_closes_the_one_before():
    before, at = samples_of([(MINUTE - 1, 5), (1, 7)])

    totals, closed = recorded([before, at])

    assert closed == [Rollup.of(Unit.MINUTE, before)]
    assert totals.open[0] == Interval(NOON + MINUTE, at.point, at.point, 1)
    assert totals.open[1] == Interval(NOON, before.point, at.point, 2)


def test_a_sample_in_the_last_microsecond_of_an_interval_belongs_to_it():
    first, last = samples_of([(MINUTE, 5), (MINUTE - 1, 7)])

    totals, closed = recorded([first, last])

    assert closed == []
    assert totals.open[0] == Interval(NOON + MINUTE, first.point, last.point, 2)


def test_one_commit_closes_minute_hour_and_day():
    before, after = samples_of([(12 * HOUR - 1, 5), (1, 7)])

    _, closed = recorded([before, after])

    assert [row.unit for row in closed] == [Unit.MINUTE, Unit.HOUR, Unit.DAY]
    assert {row.last for row in closed} == {before.point}


def test_intervals_without_samples_have_no_row():
    _, closed = recorded(samples_of([(1, 5), (3 * DAY, 7)]))

    assert [(row.unit, row.interval.start) for row in closed] == [
        (Unit.MINUTE, NOON),
        (Unit.HOUR, NOON),
        (Unit.DAY, NOON - 12 * HOUR),
    ]


def test_of_equal_totals_the_earliest_is_the_minimum_and_the_maximum():
    samples = samples_of([(1, 5), (1, 7), (1, 5), (1, 7)])

    totals, _ = recorded(samples)

    assert totals.open[0] == Interval(NOON, samples[0].point, samples[1].point, 4)


def test_a_row_has_the_last_total_and_the_counters_at_its_end():
    counters = {"created": 3, "overwritten": 4, "removed": 5}
    point = Point(9, 2, NOON)
    totals = Totals(
        9, 2, **counters, max_size=9, last_time=NOON, revision=1, state=State.LIVE, open=opened_by((), point)
    )

    (row,) = totals.closed_by(NOON + MINUTE)

    assert row == Rollup(Unit.MINUTE, Interval(NOON, point, point, 1), point, 3, 4, 5)


def test_unknown_intervals_close_without_a_row():
    totals = Totals(9, 2, 0, 0, 0, max_size=9, last_time=NOON, revision=1, state=State.LIVE, open=None)

    assert totals.closed_by(NOON + 3 * DAY) == ()


@given(STEPS)
def test_closed_rows_and_open_intervals_are_exactly_those_of_the_samples(steps):
    """Also under a clock that is ahead, since only the times of samples count."""
    samples = samples_of(steps)

    totals, closed = recorded(samples)

    rows = [*closed, *(totals.open_rollup(unit) for unit in Unit)]
    for unit in Unit:
        assert [row for row in rows if row.unit is unit] == list(by_definition(unit, samples))


@given(STEPS)
def test_coarser_intervals_are_made_of_finer_ones(steps):
    samples = samples_of(steps)

    minutes = folded(Unit.MINUTE, (Rollup.of(Unit.MINUTE, sample) for sample in samples))

    assert minutes == list(by_definition(Unit.MINUTE, samples))
    assert folded(Unit.HOUR, minutes) == list(by_definition(Unit.HOUR, samples))
    assert folded(Unit.DAY, folded(Unit.HOUR, minutes)) == list(by_definition(Unit.DAY, samples))
