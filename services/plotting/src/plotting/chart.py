"""What there is to draw and to answer for one bucket and one range, as plain values."""

from dataclasses import dataclass

from plotting.thinning import Samples
from size_history.items import Peak, Sample, State, Totals


@dataclass(frozen=True, slots=True)
class HighWater:
    """The largest total that any bucket ever had, in bytes, and which bucket that was."""

    size: int
    bucket: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A bucket's totals from `start` to `end` (microseconds since 1970, UTC); maxima in bytes.

    `before` is the sample in force when the range begins. `bucket_maximum` is the largest total the bucket ever
    had, `highest` the largest any bucket ever had; both None before the first sample.
    """

    bucket: str
    start: int
    end: int
    state: State
    before: Sample | None
    samples: Samples
    bucket_maximum: int | None
    highest: HighWater | None


def bucket_maximum(indexed: int | None, totals: Totals, shown: tuple[Sample, ...]) -> int | None:
    """Return a bucket's largest total: the index's, unless a sample it has not taken in yet is larger."""
    if indexed is None and not shown:
        return None
    return max(indexed or 0, totals.max_size, *(sample.total_size for sample in shown), 0)


def highest_of_any(peak: Peak | None, bucket: str, maximum: int | None) -> HighWater | None:
    """Return the largest total of any bucket: the recorded peak, unless this bucket has passed it since."""
    if maximum is not None and (peak is None or peak.size < maximum):
        return HighWater(maximum, bucket)
    return HighWater(peak.size, peak.bucket) if peak else None
