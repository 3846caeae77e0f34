"""Sizes read as people write them, and ticks are on round values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotting.byte_sizes import change_ticks, human, human_change, ticks

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
    assert human(size) == text


def test_a_change_is_written_with_its_sign():
    assert [human_change(18), human_change(-1536), human_change(0)] == [
        "+18 B",
        "\N{MINUS SIGN}1.5 KiB",
        "±0 B",
    ]


AXES = {
    "nothing": (0, ["0 B"]),
    "one byte": (1, ["0 B", "1 B"]),
    "a few bytes": (27, ["0 B", "5 B", "10 B", "15 B", "20 B", "25 B"]),
    "just below a unit": (1023, ["0 B", "200 B", "400 B", "600 B", "800 B", "1,000 B"]),
    "just above a unit": (1025, ["0 B", "0.25 KiB", "0.5 KiB", "0.75 KiB", "1 KiB"]),
    "petabytes": (5 * 2**50, ["0 B", "1 PiB", "2 PiB", "3 PiB", "4 PiB", "5 PiB"]),
}


@pytest.mark.parametrize(("high", "labels"), AXES.values(), ids=AXES)
def test_an_axis_from_zero_has_round_ticks(high, labels):
    assert [tick.label for tick in ticks(high, 7)] == labels


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
def test_ticks_are_few_rising_distinct_and_within_the_axis(high, most):
    made = ticks(high, most)

    values = [tick.value for tick in made]
    assert 1 <= len(made) <= most
    assert values == sorted(set(values))
    assert values[0] == 0
    assert values[-1] <= high
    assert len({tick.label for tick in made}) == len(made)


@given(st.integers(0, 2**60), st.integers(0, 2**60), st.integers(1, 2**60), st.integers(2, 12))
def test_ticks_of_changes_include_the_reference_and_are_exact(reference, below, above, most):
    low, high = max(0, reference - below), reference + above

    made = change_ticks(reference, low, high, most)

    assert len(made) <= most + 1
    assert all(low <= tick.value <= high for tick in made)
    assert reference in [tick.value for tick in made]
    assert len({tick.label for tick in made}) == len(made)
