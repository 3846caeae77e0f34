"""The time axis is in UTC, on round times, and says what changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotting.time_ticks import DAY, SECOND, span_text, ticks
from size_history.times import from_text

NOW = from_text("2026-11-20T08:15:30.250000Z")

AXES = {
    "a second": (1, [("08:15:29.4", "20 Nov 2026"), ("08:15:29.6", ""), ("08:15:29.8", "")]),
    "ten seconds": (10, [("08:15:22", "20 Nov 2026"), ("08:15:24", ""), ("08:15:26", "")]),
    "an hour": (3600, [("07:20", "20 Nov 2026"), ("07:30", ""), ("07:40", "")]),
    "a day, over midnight": (86_400, [("12:00", "19 Nov 2026"), ("18:00", ""), ("00:00", "20 Nov 2026")]),
    "a month": (31 * 86_400, [("22 Oct", "2026"), ("26 Oct", ""), ("30 Oct", "")]),
}


@pytest.mark.parametrize(("seconds", "first"), AXES.values(), ids=AXES)
def test_ticks_say_the_time_and_the_day_only_where_it_changes(seconds, first):
    made = ticks(NOW - seconds * SECOND, NOW, 8)

    assert [(tick.label, tick.belongs_to) for tick in made][:3] == first


def test_a_new_year_is_said():
    new_year = from_text("2027-01-01T00:00:00.000000Z")

    made = ticks(new_year - 2 * DAY, new_year + 2 * DAY, 8)

    assert [(tick.label, tick.belongs_to) for tick in made] == [
        ("30 Dec", "2026"), ("31 Dec", ""), ("1 Jan", "2027"), ("2 Jan", ""), ("3 Jan", "")
    ]  # fmt: skip


@given(st.integers(0, 2**51), st.integers(0, 32 * DAY), st.integers(2, 12))
def test_ticks_are_few_rising_and_within_the_range(start, length, most):
    times = [tick.time for tick in ticks(start, start + length, most)]

    assert len(times) <= most
    assert times == sorted(set(times))
    assert all(start <= time <= start + length for time in times)


@given(st.integers(0, 2**51), st.integers(SECOND, 32 * DAY))
def test_no_two_ticks_say_the_same(start, length):
    made = ticks(start, start + length, 9)

    assert len({(tick.label, tick.time // DAY) for tick in made}) == len(made)


def test_a_range_is_said_with_one_date_if_it_has_one():
    assert span_text(NOW - 10 * SECOND, NOW) == "20 Nov 2026, 08:15:20 to 08:15:30 UTC"


def test_a_range_over_midnight_is_said_with_both_dates():
    assert span_text(NOW - DAY, NOW) == "19 Nov 2026, 08:15 to 20 Nov 2026, 08:15 UTC"
