"""Both maxima, put together from reads that did not happen at one moment."""

from plotting.chart import HighWater, bucket_maximum, highest_of_any
from size_history.items import Peak, Sample, State, Totals


def totals(max_size):
    return Totals(0, 0, 0, 0, 0, max_size, 0, 1, State.LIVE)


def sample(size):
    return Sample("photos", 0, size, 1)


def test_a_bucket_without_a_sample_has_no_maximum():
    assert bucket_maximum(None, totals(0), ()) is None


def test_a_bucket_that_was_always_empty_has_the_maximum_zero():
    assert bucket_maximum(0, totals(0), (sample(0),)) == 0


def test_the_maximum_is_the_index_s():
    assert bucket_maximum(27, totals(27), (sample(2),)) == 27


def test_a_sample_shown_that_the_index_has_not_taken_in_yet_counts():
    assert bucket_maximum(18, totals(18), (sample(18), sample(27))) == 27


def test_a_larger_sample_outside_of_the_range_that_the_index_lacks_counts():
    assert bucket_maximum(18, totals(27), (sample(2),)) == 27


def test_the_peak_is_the_highest_of_any_bucket():
    assert highest_of_any(Peak(50, "videos", 0), "photos", 27) == HighWater(50, "videos")


def test_a_bucket_that_has_passed_the_peak_since_it_was_read_is_the_highest():
    assert highest_of_any(Peak(20, "videos", 0), "photos", 27) == HighWater(27, "photos")


def test_before_any_sample_of_any_bucket_there_is_no_highest():
    assert highest_of_any(None, "photos", None) is None


def test_a_bucket_being_adopted_shows_the_peak_of_the_others():
    assert highest_of_any(Peak(20, "videos", 0), "photos", None) == HighWater(20, "videos")
