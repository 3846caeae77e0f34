"""Everything the routes read from and write to, and the reads that belong together, in an order that makes them agree."""

from concurrent.futures import Executor, Future
from dataclasses import dataclass

from plotting.chart import Chart, bucket_maximum, highest_of_any
from plotting.freshness import Freshness
from plotting.history import History
from plotting.in_force import InForce
from plotting.ledger import Ledger, Rows
from plotting.parsing import Range
from plotting.plot_bucket import PlotBucket
from plotting.queues import Backlog, DeadLetterQueue, Depth, TrackingQueue
from plotting.ranges import Ranges
from plotting.reading import Reading
from plotting.retention import fitted, horizon
from size_history.items import Peak, State, Totals
from size_history.rollups import Point
from size_history.sources import BucketStatus, status_of

NOTHING = Totals(0, 0, 0, 0, 0, 0, 0, 0, State.ADOPTING)
"""The totals of a bucket whose first reconcile has not begun yet."""


class NotTrackedError(Exception):
    """A bucket is not tracked. The message says whether there is a history of it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A tracked bucket as it was found: its totals, its status, the peak of all buckets, and how fresh that is.

    All samples from `horizon` on are kept (microseconds since 1970).
    """

    bucket: str
    totals: Totals
    status: BucketStatus
    peak: Peak | None
    freshness: Freshness
    horizon: int = 0

    def fitted(self, range_: Range) -> Range:
        """Return what is read for a range of the bucket."""
        return fitted(range_, self.horizon)


@dataclass(frozen=True, slots=True)
class Entry:
    """A tracked bucket in the list of all: its totals and its status."""

    bucket: str
    totals: Totals
    status: BucketStatus


@dataclass(frozen=True, slots=True)
class Sources:
    """The tables, the queues and the plot bucket; `release` changes with every deployment of the code.

    Samples are kept for `retention_days`, or forever.
    Most of an answer's time is waiting for AWS, so independent reads run in `threads` at the same time.
    """

    data_bucket: str
    history: History
    ledger: Ledger
    plot_bucket: PlotBucket
    queue: TrackingQueue
    dead_letters: DeadLetterQueue
    undelivered_events: DeadLetterQueue
    threads: Executor
    release: str = ""
    retention_days: int | None = None

    def find(self, bucket: str, now: int) -> Found:
        """Return a tracked bucket, with one request to the tables. Raises NotTrackedError."""
        queues = self._count(now)
        rows = self.ledger.rows(bucket)
        if rows.source is None or not rows.source.tracked:
            raise NotTrackedError(_untracked(bucket, rows))
        status = status_of(rows.totals, rows.source, now)
        kept_from = horizon(self.retention_days, now)
        return Found(bucket, rows.totals or NOTHING, status, rows.peak, queues.freshness(status), kept_from)

    def buckets(
        self, after: str, limit: int, now: int
    ) -> tuple[list[Entry], str | None, Peak | None, Freshness]:
        """Return a page of tracked buckets, its last name if more follow, the peak of all, and how fresh that is."""
        queues = self._count(now)
        peak = self.threads.submit(self.ledger.peak)
        found, last = self.ledger.buckets(after, limit)
        entries = [
            Entry(name, rows.totals or NOTHING, status_of(rows.totals, rows.source, now))
            for name, rows in found.items()
            if rows.source is not None
        ]
        return entries, last, peak.result(), queues.freshness()

    def chart(self, range_: Range, found: Found) -> Chart:
        """Return what a picture of a range shows. Its bucket was found before. Raises RollupsMissingError."""
        indexed = self.threads.submit(self.history.largest_size, range_.bucket)
        reading = self.read(range_, found)
        maximum = bucket_maximum(indexed.result(), found.totals, reading.maximum)
        return Chart(
            bucket=range_.bucket,
            start=reading.range.start,
            end=reading.end,
            status=found.status,
            reading=reading,
            bucket_maximum=maximum,
            highest=highest_of_any(found.peak, range_.bucket, maximum),
        )

    def read(self, range_: Range, found: Found) -> Reading:
        """Return what a bucket weighed in a range. Raises RollupsMissingError."""
        ranges = Ranges(self.history, self.ledger.rollups, self.threads)
        return ranges.read(found.fitted(range_), found.totals, found.horizon)

    def size_at(self, instant: int, found: Found) -> Point | None:
        """Return the total in force at an instant, as far as it is known. Raises RollupsMissingError."""
        in_force = InForce(self.history, self.ledger.rollups)
        return in_force.at(found.bucket, instant, found.totals, found.horizon)

    def _count(self, now: int) -> "_Counting":
        """Begin to count what the queues hold."""
        return _Counting(
            now,
            self.threads.submit(self.queue.backlog, now),
            self.threads.submit(self.dead_letters.depth, now),
            self.threads.submit(self.undelivered_events.depth, now),
        )


@dataclass(frozen=True, slots=True)
class _Counting:
    """Counts of the queues that are being asked for."""

    as_of: int
    backlog: "Future[Backlog]"
    dead_letters: "Future[Depth]"
    undelivered_events: "Future[Depth]"

    def freshness(self, status: BucketStatus | None = None) -> Freshness:
        """Wait for the counts."""
        return Freshness(
            self.as_of,
            self.backlog.result(),
            self.dead_letters.result(),
            self.undelivered_events.result(),
            status,
        )


def _untracked(bucket: str, rows: Rows) -> str:
    if rows.totals is None:
        return f"bucket {bucket} is not tracked: there is no history of it."
    return (
        f"bucket {bucket} is not tracked: its history is kept, and make track BUCKET={bucket} shows it again."
    )
