"""The charts whose pictures are kept as reviewed references in tests/references/.

`python -m tests.unit.plotting.charts DIRECTORY` draws them all. Look at every picture that changed before it
becomes the reference.
"""

import io
import random
import sys
from pathlib import Path

from PIL import Image

from plotting.chart import Chart, HighWater
from plotting.parsing import Range
from plotting.reading import Reading, of_samples
from size_history.items import Sample, folded
from size_history.rollups import Unit
from size_history.sources import BucketStatus, Status

SECOND = 1_000_000
DAY = 86_400
NOW = 1_795_162_530 * SECOND + 250_000
"""2026-11-20T08:15:30.250000Z"""

TIB = 2**40
PIB = 2**50


def chart(
    points=(),
    *,
    bucket="photos",
    window=10,
    before=None,
    maximum=None,
    highest=None,
    state=Status.LIVE,
    since=None,
    unit=None,
):
    """Return a chart that ends at NOW; points are (seconds from the start of the window, bytes).

    The bucket's maximum is that of what is shown unless given; `highest` is (bytes, bucket), or this bucket's. With a unit
    the samples are rolled up.
    """
    start = NOW - window * SECOND
    earlier = None if before is None else sample(bucket, start - SECOND, before).point
    samples = [sample(bucket, start + round(offset * SECOND), size) for offset, size in points]
    sizes = [size for _, size in points] + ([] if before is None else [before])
    maximum = max(sizes, default=None) if maximum is None else maximum
    if highest is None and maximum is not None:
        highest = (maximum, bucket)
    shown = of_samples(samples)
    if unit:
        shown = tuple(folded(unit, shown))
    first = earlier or (samples[0].point if samples else None)
    return Chart(
        bucket=bucket,
        start=start,
        end=NOW,
        status=BucketStatus(state, since, None if since is None else "a reason"),
        reading=Reading(Range(bucket, start, NOW), unit, earlier, first, shown),
        bucket_maximum=maximum,
        highest=HighWater(*highest) if highest else None,
    )


def sample(bucket, time, size):
    """Return a sample whose object count follows from its size."""
    return Sample(bucket, time, size, 0 if size == 0 else 1 if size < 100 else size % 977)


def walk(count, window, *, top=10**12, seed=1):
    """Return `count` points of a seeded random walk between 0 and about `top` bytes."""
    chance = random.Random(seed)
    size, points = top // 2, []
    for offset in sorted(chance.random() * window for _ in range(count)):
        size = max(0, size + round(chance.gauss(0, 1) * top / count**0.5 / 2))
        points.append((offset, size))
    return points


def sawtooth(count, window, *, period, top):
    """Return `count` points that rise from a tenth of `top` to all of it in each period, then fall at once."""
    offsets = [number * window / count for number in range(count)]
    return [(offset, round(top * (0.1 + 0.9 * (offset % period) / period))) for offset in offsets]


def growth(count, days):
    """Return about `count` points of a bucket that grows over some days, is cleaned each month, and rests at weekends."""
    chance = random.Random(3)
    points, size = [], 10**11
    of_a_day = count // days
    for day in range(days):
        if day % 30 == 29:
            size = round(size * 0.9)
        for number in range(of_a_day if day % 7 < 5 else 2):
            size += round(chance.random() * 2 * 10**9)
            points.append((day * DAY + number * DAY / of_a_day + 60, size))
    return points


def spike(count, window, *, low, high):
    """Return `count` points around `low`, with one minute at `high`."""
    chance = random.Random(5)
    points = [(number * window / count, round(low * (1 + 0.1 * chance.random()))) for number in range(count)]
    return sorted([*points, (window * 0.6, high), (window * 0.6 + 60, low)])


DRIVER = ((0.5, 0), (2.5, 18), (4.6, 27), (6.6, 0), (8.7, 2))
GROWTH = ((1, 10 * TIB + 300 * 2**20), (3, 10 * TIB + 500 * 2**20), (5, 10 * TIB + 900 * 2**20))

CHARTS = {
    "driver": chart(DRIVER, highest=(50, "videos")),
    "equal-maxima": chart(DRIVER),
    "close-maxima": chart(DRIVER, highest=(28, "videos")),
    "far-maximum": chart(DRIVER, highest=(5 * PIB, "videos")),
    "far-maxima": chart(DRIVER, maximum=3 * TIB, highest=(5 * PIB, "videos")),
    "no-sample": chart(state=Status.ADOPTING, highest=(10**9, "videos")),
    "deaf": chart(DRIVER, highest=(50, "videos"), state=Status.DEAF, since=NOW - 5 * SECOND),
    "carried-in": chart(before=27, highest=(40, "videos")),
    "zero-bytes": chart(before=0, maximum=0),
    "nothing-anywhere": chart(),
    "one-value": chart([(second, 5 * 2**20) for second in range(1, 10)], before=5 * 2**20),
    "one-sample": chart([(6.1, 123_456)], highest=(200_000, "videos")),
    "two-samples-long-names": chart(
        [(3.1, 123_456), (26, 3_000_000)], bucket="w" * 63, window=60, highest=(4_000_000, "m" * 63)
    ),
    "150-samples": chart(walk(150, 600), before=10**11, window=600, highest=(3 * 10**12, "videos")),
    "500-samples": chart(walk(500, 3600), before=10**11, window=3600, highest=(2 * 10**12, "videos")),
    "50000-samples": chart(
        walk(50_000, 31 * DAY), before=10**11, window=31 * DAY, highest=(2 * 10**12, "videos"), unit=Unit.HOUR
    ),
    "sawtooth-by-minute": chart(
        sawtooth(20_000, DAY, period=5400, top=3 * TIB), before=TIB, window=DAY, unit=Unit.MINUTE
    ),
    "three-years-by-day": chart(growth(40_000, 3 * 365), window=3 * 365 * DAY, unit=Unit.DAY),
    "spike-of-a-minute-in-a-year": chart(
        spike(30_000, 365 * DAY, low=40 * 2**30, high=190 * 2**30), window=365 * DAY, unit=Unit.DAY
    ),
    "petabytes": chart([(DAY, 5 * PIB), (2 * DAY, 4 * PIB)], before=2 * PIB, window=3 * DAY),
    "small-changes": chart(GROWTH, before=10 * TIB, highest=(10 * TIB + 2**31, "videos")),
    "bytes-on-a-petabyte": chart(
        [(1, PIB + 18), (3, PIB + 27), (5, PIB), (8, PIB + 2)], before=PIB, highest=(3 * PIB, "videos")
    ),
}


def main(directory):
    """Draw every chart into a directory."""
    from plotting.picture import draw  # noqa: PLC0415 - only here is matplotlib needed

    for name, shown in CHARTS.items():
        picture = Image.open(io.BytesIO(draw(shown))).convert("RGB")
        picture.save(Path(directory) / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
