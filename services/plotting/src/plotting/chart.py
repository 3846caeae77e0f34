"""What there is to draw and to answer for one bucket and one range, as plain values."""

from dataclasses import dataclass

from plotting.reading import Reading
from size_history.items import Peak, Totals
from size_history.rollups import Point
from size_history.sources import BucketStatus


@dataclass(frozen=True, slots=True)
class HighWater:
    """The largest total that any bucket ever had, in bytes, and which bucket that was."""

    size: int
    bucket: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What a bucket weighed from `start` to `end` (microseconds since 1970, UTC); maxima in bytes.

    `bucket_maximum` is the largest total the bucket ever had, `highest` the largest any bucket ever had; both are None
    before the first sample.
    """

    bucket: str
    start: int
    end: int
    status: BucketStatus
    reading: Reading
    bucket_maximum: int | None
    highest: HighWater | None


def bucket_maximum(indexed: int | None, totals: Totals, highest: Point | None) -> int | None:
    """Return a bucket's largest total: the index's, or a larger one that the index does not have yet, or not any more."""
    if indexed is None and highest is None and totals.last_time == 0:
        return None
    return max(indexed or 0, totals.max_size, highest.size if highest else 0)


def highest_of_any(peak: Peak | None, bucket: str, maximum: int | None) -> HighWater | None:
    """Return the largest total of any bucket: the recorded peak, unless this bucket has passed it since."""
    if maximum is not None and (peak is None or peak.size < maximum):
        return HighWater(maximum, bucket)
    return HighWater(peak.size, peak.bucket) if peak else None
