"""The reads behind one picture, in the order that makes their answers fit together."""

from concurrent.futures import Executor

from plotting.chart import Chart, bucket_maximum, highest_of_any
from plotting.history import History
from plotting.parsing import Range
from plotting.thinning import collect
from size_history.items import Peak, Totals


def gather(history: History, asked: Range, totals: Totals, peak: Peak | None, threads: Executor) -> Chart:
    """Read what a picture of a range shows, beside the totals and the peak, which were read before."""
    earlier = threads.submit(history.sample_before, asked.bucket, asked.start)
    indexed = threads.submit(history.largest_size, asked.bucket)
    samples = collect(history.samples(asked), asked.start, asked.end)
    before = earlier.result()
    shown = (before, *samples.kept) if before else samples.kept
    maximum = bucket_maximum(indexed.result(), totals, shown)
    return Chart(
        bucket=asked.bucket,
        start=asked.start,
        # A tracker whose clock is ahead has written a sample later than now; it belongs to the picture.
        end=max(asked.end, shown[-1].time) if shown else asked.end,
        state=totals.state,
        before=before,
        samples=samples,
        bucket_maximum=maximum,
        highest=highest_of_any(peak, asked.bucket, maximum),
    )
