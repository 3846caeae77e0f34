"""A chart's maxima come from reads of different moments."""

import pytest

from plotting.chart import HighWater, bucket_maximum, highest_of_any
from size_history.items import Peak, State, Totals
from size_history.rollups import Point


def totals(max_size, last_time=0):
    return Totals(0, 0, 0, 0, 0, max_size, last_time, 1, State.LIVE)


MAXIMA = {
    "no sample": (None, 0, None, None),
    "always empty": (0, 0, 0, 0),
    "the index's": (27, 27, 2, 27),
    "a sample shown that the index does not have yet": (18, 18, 27, 27),
    "a larger sample outside of the range that the index does not have yet": (18, 27, 2, 27),
}


@pytest.mark.parametrize(("indexed", "of_totals", "shown", "maximum"), MAXIMA.values(), ids=MAXIMA)
def test_the_maximum_of_a_bucket_is_the_largest_that_any_read_saw(indexed, of_totals, shown, maximum):
    highest = None if shown is None else Point(shown, 1, 0)

    assert bucket_maximum(indexed, totals(of_totals), highest) == maximum


def test_the_maximum_of_a_bucket_whose_samples_have_expired_is_that_of_its_totals():
    assert bucket_maximum(None, totals(27, last_time=1), None) == 27


HIGHEST = {
    "the peak": (Peak(50, "videos", 0), 27, HighWater(50, "videos")),
    "a bucket that has passed the peak since it was read": (
        Peak(20, "videos", 0),
        27,
        HighWater(27, "photos"),
    ),
    "nothing before any sample of any bucket": (None, None, None),
    "the peak of the others while the bucket is adopted": (
        Peak(20, "videos", 0),
        None,
        HighWater(20, "videos"),
    ),
}


@pytest.mark.parametrize(("peak", "maximum", "highest"), HIGHEST.values(), ids=HIGHEST)
def test_the_highest_of_any_bucket_is(peak, maximum, highest):
    assert highest_of_any(peak, "photos", maximum) == highest
