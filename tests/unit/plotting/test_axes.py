"""Sizes are written as people write them, ticks are on round values, and times are in UTC."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotting.axes import DAY, SECOND, change_text, change_ticks, size_text, size_ticks, span_text, time_ticks
from size_history.times import from_text

NOW = from_text("2026-11-20T08:15:30.250000Z")

SIZES = {
    0: "0 B",
    1: "1 B",
    27: "27 B",
    1023: "1,023 B",
    1024: "1 KiB",
    1536: "1.5 KiB",
    10_000: "9.77 KiB",
    2**20 - 600: "1,023 KiB",
    2**20 - 1: "1 MiB",
    10**9: "954 MiB",
    10**12: "931 GiB",
    5 * 2**50: "5 PiB",
    2**60 + 1: "1 EiB",
    2**80: "1,024 ZiB",
}


@pytest.mark.parametrize(("size", "text"), SIZES.items(), ids=SIZES.values())
def test_a_size_is_written_with_few_digits_and_a_binary_unit(size, text):
    assert size_text(size) == text


def test_a_change_is_written_with_its_sign():
    assert [change_text(18), change_text(-1536), change_text(0)] == [
        "+18 B",
        "\N{MINUS SIGN}1.5 KiB",
        "±0 B",
    ]


SIZE_AXES = {
    "nothing": (0, ["0 B"]),
    "one byte": (1, ["0 B", "1 B"]),
    "a few bytes": (27, ["0 B", "5 B", "10 B", "15 B", "20 B", "25 B"]),
    "just below a unit": (1023, ["0 B", "200 B", "400 B", "600 B", "800 B", "1,000 B"]),
    "just above a unit": (1025, ["0 B", "0.25 KiB", "0.5 KiB", "0.75 KiB", "1 KiB"]),
    "petabytes": (5 * 2**50, ["0 B", "1 PiB", "2 PiB", "3 PiB", "4 PiB", "5 PiB"]),
}


@pytest.mark.parametrize(("high", "labels"), SIZE_AXES.values(), ids=SIZE_AXES)
def test_an_axis_from_zero_has_round_ticks(high, labels):
    assert [tick.label for tick in size_ticks(high, 7)] == labels


def test_an_axis_of_changes_names_its_reference_and_counts_from_it():
    made = change_ticks(2**50, 2**50 - 12, 2**50 + 18, 7)

    assert [tick.label for tick in made] == [
        "\N{MINUS SIGN}10 B",
        "\N{MINUS SIGN}5 B",
        "1 PiB",
        "+5 B",
        "+10 B",
        "+15 B",
    ]
    assert [tick.value - 2**50 for tick in made] == [-10, -5, 0, 5, 10, 15]


@given(st.integers(0, 2**90), st.integers(2, 12))
def test_ticks_are_few_rising_distinct_and_within_the_axis(high, maximum):
    made = size_ticks(high, maximum)

    values = [tick.value for tick in made]
    assert 1 <= len(made) <= maximum
    assert values == sorted(set(values))
    assert values[0] == 0
    assert values[-1] <= high
    assert len({tick.label for tick in made}) == len(made)


@given(st.integers(0, 2**60), st.integers(0, 2**60), st.integers(1, 2**60), st.integers(2, 12))
def test_ticks_of_changes_include_the_reference_and_are_exact(reference, below, above, maximum):
    low, high = max(0, reference - below), reference + above

    made = change_ticks(reference, low, high, maximum)

    assert len(made) <= maximum + 1
    assert all(low <= tick.value <= high for tick in made)
    assert reference in [tick.value for tick in made]
    assert len({tick.label for tick in made}) == len(made)


TIME_AXES = {
    "a second": (1, [("08:15:29.4", "20 Nov 2026"), ("08:15:29.6", ""), ("08:15:29.8", "")]),
    "ten seconds": (10, [("08:15:22", "20 Nov 2026"), ("08:15:24", ""), ("08:15:26", "")]),
    "an hour": (3600, [("07:20", "20 Nov 2026"), ("07:30", ""), ("07:40", "")]),
    "a day, over midnight": (86_400, [("12:00", "19 Nov 2026"), ("18:00", ""), ("00:00", "20 Nov 2026")]),
    "a month": (31 * 86_400, [("22 Oct", "2026"), ("26 Oct", ""), ("30 Oct", "")]),
    "a year": (365 * 86_400, [("Jan", "2026"), ("Mar", ""), ("May", "")]),
    "three years": (3 * 365 * 86_400, [("Jan", "2024"), ("Jul", ""), ("Jan", "2025")]),
    "half a century": (50 * 365 * 86_400, [("1980", ""), ("1990", ""), ("2000", "")]),
}


@pytest.mark.parametrize(("seconds", "first"), TIME_AXES.values(), ids=TIME_AXES)
def test_ticks_say_the_time_and_the_day_only_where_it_changes(seconds, first):
    made = time_ticks(NOW - seconds * SECOND, NOW, 8)

    assert [(tick.label, tick.belongs_to) for tick in made][:3] == first


def test_a_new_year_is_said():
    new_year = from_text("2027-01-01T00:00:00.000000Z")

    made = time_ticks(new_year - 2 * DAY, new_year + 2 * DAY, 8)

    assert [(tick.label, tick.belongs_to) for tick in made] == [
        ("30 Dec", "2026"), ("31 Dec", ""), ("1 Jan", "2027"), ("2 Jan", ""), ("3 Jan", "")
    ]  # fmt: skip


@given(st.integers(0, 2**51), st.integers(0, 32 * DAY) | st.integers(0, 36_600 * DAY), st.integers(2, 12))
def test_time_ticks_are_few_rising_and_within_the_range(start, length, maximum):
    times = [tick.time for tick in time_ticks(start, start + length, maximum)]

    assert len(times) <= maximum
    assert times == sorted(set(times))
    assert all(start <= time <= start + length for time in times)


@given(st.integers(0, 2**51), st.integers(SECOND, 32 * DAY) | st.integers(SECOND, 36_600 * DAY))
def test_no_two_ticks_say_the_same(start, length):
    made = time_ticks(start, start + length, 9)

    assert len({(tick.label, tick.time // DAY) for tick in made}) == len(made)


def test_a_range_is_said_with_one_date_if_it_has_one():
    assert span_text(NOW - 10 * SECOND, NOW) == "20 Nov 2026, 08:15:20 to 08:15:30 UTC"


def test_a_range_over_midnight_is_said_with_both_dates():
    assert span_text(NOW - DAY, NOW) == "19 Nov 2026, 08:15 to 20 Nov 2026, 08:15 UTC"
