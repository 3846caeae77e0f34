"""A chart's maxima come from reads of different moments; thinning loses nothing of a small range and no peak of a large one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotting.chart import BINS, MAX_SAMPLES, HighWater, bucket_maximum, collect, highest_of_any, thin
from size_history.items import Peak, Sample, State, Totals

SPAN = 1_000_000


def sample(time, size):
    return Sample("photos", time, size, 1)


@st.composite
def samples(draw):
    """Return samples in rising time, some before and after the range from 0 to SPAN."""
    times = draw(st.lists(st.integers(-10, SPAN + 10), unique=True, max_size=300))
    return [sample(time, draw(st.integers(0, 50))) for time in sorted(times)]


@given(samples(), st.integers(1, 50))
def test_each_bin_keeps_its_first_last_smallest_and_largest(given_samples, bins):
    width = -(-SPAN // bins)

    kept = thin(given_samples, 0, SPAN, bins)

    for number in range(bins):
        of_bin = [s for s in given_samples if min(max(s.time // width, 0), bins - 1) == number]
        kept_of_bin = [s for s in kept if min(max(s.time // width, 0), bins - 1) == number]
        sizes, kept_sizes = [s.total_size for s in of_bin], [s.total_size for s in kept_of_bin]
        assert kept_of_bin[:1] == of_bin[:1]
        assert kept_of_bin[-1:] == of_bin[-1:]
        assert min(kept_sizes, default=None) == min(sizes, default=None)
        assert max(kept_sizes, default=None) == max(sizes, default=None)
        assert len(kept_of_bin) <= 4


@given(samples(), st.integers(1, 50))
def test_what_is_kept_is_of_the_samples_in_their_order(given_samples, bins):
    kept = thin(given_samples, 0, SPAN, bins)

    assert [s for s in given_samples if s in kept] == kept


@given(samples(), st.integers(1, 50), st.integers(0, 300))
def test_thinning_as_pages_come_is_thinning_at_once(given_samples, bins, cut):
    by_page = thin([*thin(given_samples[:cut], 0, SPAN, bins), *given_samples[cut:]], 0, SPAN, bins)

    assert by_page == thin(given_samples, 0, SPAN, bins)


def test_a_small_range_is_kept_whole():
    crowd = [sample(time, time % 7) for time in range(MAX_SAMPLES)]

    gathered = collect([crowd[:3], [], crowd[3:]], 0, SPAN)

    assert gathered.kept == tuple(crowd)
    assert gathered.count == MAX_SAMPLES
    assert not gathered.thinned


def test_a_large_range_is_bounded_and_keeps_its_only_peak():
    count = 50_000
    pages = [
        [sample(time * 20, 10**15 if time == 33_333 else time % 11) for time in range(begin, begin + 500)]
        for begin in range(0, count, 500)
    ]

    gathered = collect(pages, 0, SPAN)

    assert gathered.count == count
    assert gathered.thinned
    assert BINS <= len(gathered.kept) <= MAX_SAMPLES
    assert sample(33_333 * 20, 10**15) in gathered.kept
    assert gathered.kept[0] == pages[0][0]
    assert gathered.kept[-1] == pages[-1][-1]


def test_a_range_of_no_length_is_one_bin():
    kept = thin([sample(5, size) for size in (3, 9, 1, 4)], 5, 5)

    assert [s.total_size for s in kept] == [3, 9, 1, 4]


def totals(max_size):
    return Totals(0, 0, 0, 0, 0, max_size, 0, 1, State.LIVE)


MAXIMA = {
    "no sample": (None, 0, (), None),
    "always empty": (0, 0, (0,), 0),
    "the index's": (27, 27, (2,), 27),
    "a sample shown that the index does not have yet": (18, 18, (18, 27), 27),
    "a larger sample outside of the range that the index does not have yet": (18, 27, (2,), 27),
}


@pytest.mark.parametrize(("indexed", "of_totals", "sizes", "maximum"), MAXIMA.values(), ids=MAXIMA)
def test_the_maximum_of_a_bucket_is_the_largest_that_any_read_saw(indexed, of_totals, sizes, maximum):
    drawn = tuple(sample(0, size) for size in sizes)

    assert bucket_maximum(indexed, totals(of_totals), drawn) == maximum


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
