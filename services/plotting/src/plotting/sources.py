"""Everything the routes read from and write to, and the reads that belong together, in an order that makes them agree."""

from concurrent.futures import Executor, Future
from dataclasses import dataclass

from plotting.chart import Chart, bucket_maximum, collect, highest_of_any
from plotting.history import History
from plotting.ledger import Ledger
from plotting.parsing import Range
from plotting.plot_bucket import PlotBucket
from plotting.tracking_queue import Backlog, Freshness, TrackingQueue
from size_history.items import Peak, Totals


class NotTrackedError(Exception):
    """A bucket is not tracked."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The tables, the queue and the plot bucket; `release` changes with every deployment of the code.

    Most of an answer's time is waiting for AWS, so independent reads run in `threads` at the same time.
    """

    data_bucket: str
    history: History
    ledger: Ledger
    plot_bucket: PlotBucket
    queue: TrackingQueue
    threads: Executor
    release: str = ""

    def totals(self, bucket: str, now: int) -> tuple[Totals, Freshness]:
        """Return a bucket's totals and how fresh they are. Raises NotTrackedError."""
        backlog = self._backlog(now)
        totals = _tracked(bucket, self.ledger.totals(bucket))
        return totals, Freshness(now, backlog.result(), totals.state)

    def totals_and_peak(self, bucket: str, now: int) -> tuple[Totals, Peak | None, Freshness]:
        """Return a bucket's totals, the peak of all buckets, and how fresh both are. Raises NotTrackedError."""
        backlog = self._backlog(now)
        found, peak = self.ledger.totals_and_peak(bucket)
        totals = _tracked(bucket, found)
        return totals, peak, Freshness(now, backlog.result(), totals.state)

    def buckets(
        self, after: str, limit: int, now: int
    ) -> tuple[dict[str, Totals], str | None, Peak | None, Freshness]:
        """Return a page of tracked buckets, its last name if more follow, the peak of all, and how fresh that is."""
        backlog = self._backlog(now)
        peak = self.threads.submit(self.ledger.peak)
        found, last = self.ledger.buckets(after, limit)
        return found, last, peak.result(), Freshness(now, backlog.result())

    def chart(self, range_: Range, totals: Totals, peak: Peak | None) -> Chart:
        """Return what a picture of a range shows. Totals and peak were read before. Raises TooManySamplesError."""
        earlier = self.threads.submit(self.history.sample_before, range_.bucket, range_.start)
        indexed = self.threads.submit(self.history.largest_size, range_.bucket)
        samples = collect(self.history.samples(range_), range_.start, range_.end)
        before = earlier.result()
        drawn = (before, *samples.kept) if before else samples.kept
        maximum = bucket_maximum(indexed.result(), totals, drawn)
        return Chart(
            bucket=range_.bucket,
            start=range_.start,
            # A tracker whose clock is ahead may have written a sample later than now; the picture shows it too.
            end=max(range_.end, drawn[-1].time) if drawn else range_.end,
            state=totals.state,
            before=before,
            samples=samples,
            bucket_maximum=maximum,
            highest=highest_of_any(peak, range_.bucket, maximum),
        )

    def _backlog(self, now: int) -> "Future[Backlog]":
        return self.threads.submit(self.queue.backlog, now)


def _tracked(bucket: str, totals: Totals | None) -> Totals:
    if totals is None:
        raise NotTrackedError(f"bucket {bucket} is not tracked")
    return totals
