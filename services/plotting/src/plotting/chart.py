"""What there is to draw and to answer for one bucket and one range, as plain values; long ranges are thinned.

Thinning keeps the first, last, smallest and largest sample of each bin. A bin is narrower than a pixel of the picture,
so a thinned picture looks like the full one and no peak disappears. Pages are thinned as they come: memory is bounded
however many samples the range has.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from size_history.items import Peak, Sample, Totals
from size_history.sources import BucketStatus

BINS = 1000
MAX_SAMPLES = 4 * BINS
"""A range with more samples is thinned to at most this many."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of a range in time order. `count` is how many there were before thinning."""

    kept: tuple[Sample, ...]
    count: int

    @property
    def thinned(self) -> bool:
        """Whether samples were left out."""
        return len(self.kept) < self.count


@dataclass(frozen=True, slots=True)
class HighWater:
    """The largest total that any bucket ever had, in bytes, and which bucket that was."""

    size: int
    bucket: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A bucket's totals from `start` to `end` (microseconds since 1970, UTC); maxima in bytes.

    `before` is the sample in force when the range begins. `bucket_maximum` is the largest total the bucket ever
    had, `highest` the largest any bucket ever had; both are None before the first sample.
    """

    bucket: str
    start: int
    end: int
    status: BucketStatus
    before: Sample | None
    samples: Samples
    bucket_maximum: int | None
    highest: HighWater | None

    @property
    def line(self) -> tuple[Sample, ...]:
        """Every sample the line passes: the one in force when the range begins, and those in it."""
        return (self.before, *self.samples.kept) if self.before else self.samples.kept


def bucket_maximum(indexed: int | None, totals: Totals, drawn: tuple[Sample, ...]) -> int | None:
    """Return a bucket's largest total: the index's, or a larger one that the index does not have yet."""
    if indexed is None and not drawn:
        return None
    return max(indexed or 0, totals.max_size, *(sample.total_size for sample in drawn), 0)


def highest_of_any(peak: Peak | None, bucket: str, maximum: int | None) -> HighWater | None:
    """Return the largest total of any bucket: the recorded peak, unless this bucket has passed it since."""
    if maximum is not None and (peak is None or peak.size < maximum):
        return HighWater(maximum, bucket)
    return HighWater(peak.size, peak.bucket) if peak else None


def collect(pages: Iterable[Sequence[Sample]], start: int, end: int) -> Samples:
    """Gather the pages of the range from `start` to `end` (microseconds since 1970), thinning as they come."""
    kept: list[Sample] = []
    count = 0
    for page in pages:
        kept.extend(page)
        count += len(page)
        if len(kept) > MAX_SAMPLES:
            kept = thin(kept, start, end)
    if count > MAX_SAMPLES:
        kept = thin(kept, start, end)
    return Samples(tuple(kept), count)


def thin(samples: Sequence[Sample], start: int, end: int, bins: int = BINS) -> list[Sample]:
    """Return the first, last, smallest and largest sample (the earliest of equals) of each bin, in time order.

    A sample outside of the range belongs to the bin at that end.
    """
    width = max(1, -(-(end - start) // bins))

    def bin_of(sample: Sample) -> int:
        return min(max((sample.time - start) // width, 0), bins - 1)

    return [kept for _, group in groupby(samples, bin_of) for kept in _extremes(list(group))]


def _extremes(samples: Sequence[Sample]) -> list[Sample]:
    smallest = min(range(len(samples)), key=lambda index: samples[index].total_size)
    largest = max(range(len(samples)), key=lambda index: samples[index].total_size)
    return [samples[index] for index in sorted({0, smallest, largest, len(samples) - 1})]
