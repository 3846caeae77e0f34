"""Instants as text."""

import pytest

from size_history import times

FIRST = -62_135_596_800_000_000
"""The first instant that Python's datetime has, in microseconds since 1970."""


@pytest.mark.parametrize("instant", [FIRST, -59_000_000_000_000_000, -1, 0, 1_795_899_856_000_001])
def test_an_instant_has_one_width_and_comes_back(instant):
    text = times.to_text(instant)

    assert (len(text), times.from_text(text)) == (27, instant)


def test_texts_sort_by_time_in_every_century():
    instants = [FIRST, -40_000_000_000_000_000, -30_600_000_000_000_000, 0]

    assert sorted(map(times.to_text, instants)) == [times.to_text(instant) for instant in instants]
