"""Rollups from samples, as pure functions."""

from dataclasses import replace

from size_history.items import Rollup, Sample
from size_history.rollups import Interval, Point, Unit
from size_tracking import recompute_plan

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND


def at(time, size):
    return Sample("b", time, size, 1, created_cnt=size, overwritten_cnt=2, removed_cnt=3)


def test_minutes_have_the_extremes_the_last_total_and_the_counters_of_their_samples():
    samples = [at(1, 5), at(2, 3), at(MINUTE - 1, 4), at(2 * MINUTE, 9)]

    assert recompute_plan.minutes_of(samples) == [
        Rollup(Unit.MINUTE, Interval(0, Point(3, 1, 2), Point(5, 1, 1), 3), samples[2].point, 4, 2, 3),
        Rollup(
            Unit.MINUTE, Interval(2 * MINUTE, *[Point(9, 1, 2 * MINUTE)] * 2, 1), samples[3].point, 9, 2, 3
        ),
    ]
    assert recompute_plan.minutes_of([]) == []


def test_what_is_missing_or_stored_otherwise_differs():
    one, two, three = recompute_plan.minutes_of([at(1, 5), at(MINUTE, 6), at(2 * MINUTE, 7)])
    stored = [one, replace(two, removed_cnt=9)]

    assert list(recompute_plan.differing(stored, [one, two, three])) == [two, three]
    assert list(recompute_plan.differing([one, two], [one])) == []


def test_a_stored_rollup_whose_samples_may_have_expired_stays_and_a_missing_one_is_added():
    one, two, three = recompute_plan.minutes_of([at(1, 5), at(MINUTE, 6), at(2 * MINUTE, 7)])
    stored = [replace(one, removed_cnt=9), replace(three, removed_cnt=9)]

    assert list(recompute_plan.differing(stored, [one, two, three], kept_from=MINUTE + 1)) == [two, three]
    assert list(recompute_plan.differing(stored, [one, two, three], kept_from=2 * MINUTE)) == [two, three]
    assert list(recompute_plan.differing(stored, [one, two, three], kept_from=2 * MINUTE + 1)) == [two]


def test_each_coarser_unit_is_made_of_the_next_finer_one():
    assert recompute_plan.FINER == {Unit.HOUR: Unit.MINUTE, Unit.DAY: Unit.HOUR}
    assert list(recompute_plan.FINER) == [Unit.HOUR, Unit.DAY]  # days need the hours that were just made


def test_the_open_intervals_have_the_closed_parts_and_the_samples_of_the_open_minute():
    """The last sample is at 25:02:30 of 24:10, 25:01 (two) and 25:02 (two)."""
    (hour,) = recompute_plan.folded(Unit.HOUR, recompute_plan.minutes_of([at(DAY + 10 * MINUTE, 1)]))
    start = DAY + HOUR
    minutes = recompute_plan.minutes_of([at(start + MINUTE, 8), at(start + MINUTE + 1, 4)])
    samples = [at(start + 2 * MINUTE, 6), at(start + 2 * MINUTE + 30 * SECOND, 5)]

    minute, open_hour, day = recompute_plan.opened(samples, minutes, [hour])

    assert minute == Interval(start + 2 * MINUTE, samples[1].point, samples[0].point, 2)
    assert open_hour == Interval(start, Point(4, 1, start + MINUTE + 1), Point(8, 1, start + MINUTE), 4)
    assert day == Interval(DAY, Point(1, 1, DAY + 10 * MINUTE), Point(8, 1, start + MINUTE), 5)
