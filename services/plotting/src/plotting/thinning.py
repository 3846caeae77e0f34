"""Fewer samples of the same shape: each bin of a range keeps its first, last, smallest and largest sample.

A bin is narrower than a pixel of the picture, so that a thinned picture looks like the full one and no peak
disappears. Everything is a fold over pages, so that memory is bounded whatever the range holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from size_history.items import Sample

BINS = 1000
MOST_SAMPLES = 4 * BINS
"""Up to so many samples nothing is thinned; beyond, no more than so many remain."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of a range in time order, thinned where `count`, how many there were, exceeds what is kept."""

    kept: tuple[Sample, ...]
    count: int

    @property
    def thinned(self) -> bool:
        """Whether samples were left out."""
        return len(self.kept) < self.count


def collect(pages: Iterable[Sequence[Sample]], start: int, end: int) -> Samples:
    """Gather the pages of the range from `start` to `end` (microseconds since 1970), thinning as they come."""
    kept: list[Sample] = []
    count = 0
    for page in pages:
        kept.extend(page)
        count += len(page)
        if len(kept) > MOST_SAMPLES:
            kept = thin(kept, start, end)
    if count > MOST_SAMPLES:
        kept = thin(kept, start, end)
    return Samples(tuple(kept), count)


def thin(samples: Sequence[Sample], start: int, end: int, bins: int = BINS) -> list[Sample]:
    """Return, of samples in time order, each bin's first, last, smallest and largest (the earliest of equals).

    Samples outside of the range count to the bin at that end.
    """
    width = max(1, -(-(end - start) // bins))

    def bin_of(sample: Sample) -> int:
        return min(max((sample.time - start) // width, 0), bins - 1)

    return [kept for _, group in groupby(samples, bin_of) for kept in _extremes(list(group))]


def _extremes(samples: Sequence[Sample]) -> list[Sample]:
    smallest = min(range(len(samples)), key=lambda index: samples[index].total_size)
    largest = max(range(len(samples)), key=lambda index: samples[index].total_size)
    return [samples[index] for index in sorted({0, smallest, largest, len(samples) - 1})]
