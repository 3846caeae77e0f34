"""What is explored: the numbers of handlers and changes, the keys, and how often each fault may happen."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from size_history.items import Peak, Sample, State, Totals
from size_history.keys import prefix_of
from size_history.messages import RECOMPUTE_ROLLUPS
from size_history.sources import RECOVERY_MICROSECONDS, SECOND, SECOND_RUN_SECONDS, Hearing, Source
from size_tracking.track_plan import ROOM
from size_tracking.values import ABSENT, ObjectRow, Observation
from tests.property.model.books import NO_ROW, Books, Bucket, Row
from tests.property.model.path import OFF, Path, Signal
from tests.rollups import rollups_of

NOW = 1
"""The time (microseconds). The clock stands still, which is the worst case, until a fault moves it."""


AHEAD = (SECOND_RUN_SECONDS - 1) * SECOND - RECOVERY_MICROSECONDS
"""How far a handler's clock may be ahead: a second less than the second run waits longer than it must."""


class Budget(NamedTuple):
    """How often each of these may still happen."""

    operations: int = 0
    """Puts, overwrites and deletes."""
    crashes: int = 0
    """A handler dies between two of its requests; its messages come back."""
    lost: int = 0
    """A write succeeds but its answer is lost: the handler gets an error, or the answer of a second attempt."""
    zombies: int = 0
    """The messages of a handler come back while it goes on."""
    duplicates: int = 0
    """A message is delivered but stays in the queue."""
    conflicts: int = 0
    """A transaction is cancelled because of another one under way, although nothing moved."""
    unanswered: int = 0
    """S3 does not answer a HEAD."""
    short: int = 0
    """The rows of a shard are read only in part."""
    late: int = 0
    """The invocation runs out of time."""
    expiries: int = 0
    """A tombstone is removed; no handler that is older than it is alive."""
    delays: int = 0
    """A quarter of an hour passes, after which a run is stale."""
    stale: int = 0
    """A read of rows, totals or peak misses the last commit, like an eventually consistent read."""
    switches: int = 0
    """The events are switched off or on."""
    checks: int = 0
    """A check of the event path is asked for."""
    pauses: int = 0
    """Five minutes pass, in which every handler has ended."""
    skews: int = 0
    """A handler's clock is ahead, by default by almost as much as the product allows."""
    olds: int = 0
    """A handler is of version 0.1, as during a canary or after a rollback."""


@dataclass(frozen=True)
class Configuration:
    """One bounded world. Keys are (bucket, key); `in_s3` and `recorded` have their sizes, in the same order."""

    name: str
    keys: tuple[tuple[str, str], ...]
    handlers: int
    budget: Budget
    batch: int = 1
    """Messages that one handler may take at once."""
    sizes: tuple[int, ...] = (1, 2)
    """The sizes that are put."""
    in_s3: tuple[int | None, ...] = ()
    recorded: tuple[int | None, ...] = ()
    live: bool = True
    tracked: bool = False
    """The row of a bucket that is not live exists at the start, as `make track` leaves it."""
    messages: tuple[str, ...] = ()
    page: int = 1000
    room: int = ROOM
    """Rows and prefixes of one transaction."""
    split_rows: bool = True
    """The rows of a chunk are read one by one, since a BatchGetItem is not atomic."""
    split_totals: bool = False
    """Totals, peak and the bucket's row are read one by one."""
    timed: bool = False
    """Delayed messages are sent and arrive when time has passed; otherwise the world ends before they do."""
    signal: Signal = Signal.ON
    """Whether the events arrive at the start."""
    deaf: bool = False
    """The events are off at the start, and a check has recorded that."""
    unseen: bool = False
    """An outage may end before a check has seen it. The product does not claim to be right then."""

    ahead: int = AHEAD
    lengths: tuple[int, ...] = ()
    """How long a minute, an hour and a day last (microseconds); none if rollups are not looked at."""
    times: tuple[int, ...] = (NOW,)
    """When a live bucket's samples at the start were taken; its handlers' clocks may be behind."""
    upgraded: bool = False
    """Version 0.1 took them: there are no rollups."""
    sample_page: int = 1000
    """Samples of one page of a query."""

    @property
    def fills(self) -> bool:
        """Return whether all rollups of a live bucket are there at rest, because they were asked for."""
        asked = any(RECOMPUTE_ROLLUPS in body for body in self.messages)
        return self.live and asked and not self.budget.olds

    def path(self) -> Path:
        """Return the event path at the start."""
        if self.deaf:
            return Path(Signal.OFF, period=1)
        return Path(self.signal, checked=self.signal is Signal.ON)

    def listing(self) -> tuple[Observation, ...]:
        """Return the objects in S3 at the start."""
        return tuple(content(size) for size in self.in_s3 or (None,) * len(self.keys))

    def books(self) -> Books:
        """Return the tables at the start: of a live bucket after its baseline, otherwise empty."""
        owners = dict.fromkeys(bucket for bucket, _ in self.keys)
        buckets = tuple((name, self._bucket(name)) for name in owners)
        samples = [bucket.sample.total_size for _, bucket in buckets if bucket.sample]
        if not samples:
            return Books(buckets)
        return Books(buckets, Peak(max(samples), buckets[0][0], 0), max(samples))

    def _bucket(self, name: str) -> Bucket:
        recorded = self.recorded or self.in_s3 or (None,) * len(self.keys)
        own = [(key, size) for (owner, key), size in zip(self.keys, recorded, strict=True) if owner == name]
        prefixes = tuple((prefix, (0, 0)) for prefix in sorted({prefix_of(key) for key, _ in own}))
        if not self.live:
            source = Source(since=0) if self.tracked else None
            return Bucket(tuple((key, NO_ROW) for key, _ in own), prefixes, source=source)
        rows = tuple(
            (key, Row(ObjectRow(1, content(size)), expires=False, ever=1) if size else NO_ROW)
            for key, size in own
        )
        bucket = Bucket(rows)
        size, count = bucket.weight()
        sums = {prefix: (0, 0) for prefix, _ in prefixes} | bucket.weight_by_prefix()
        *earlier, last = self.times
        samples = (*(Sample("", time, time % 3, 1) for time in earlier), Sample("", last, size, count))
        bucket = replace(
            bucket,
            prefixes=tuple(sorted(sums.items())),
            totals=Totals(size, count, 0, 0, 0, 0, last_time=last, revision=1, state=State.LIVE),
            source=Source(since=0, hearing=Hearing.DEAF, reason=OFF) if self.deaf else Source(since=0),
            sample=samples[-1],
        )
        return self._with_rollups(replace(bucket, samples=samples)) if self.lengths else bucket

    def _with_rollups(self, bucket: Bucket) -> Bucket:
        if self.upgraded:
            return bucket
        closed, open_ = rollups_of(bucket.samples)
        bucket = replace(bucket, totals=replace(bucket.totals, open=open_))
        return bucket.with_rollups(tuple(closed))

    def faults(self) -> str:
        """Return the possible faults in words."""
        return ", ".join(f"{n} {f}" for f, n in self.budget._asdict().items() if n and f != "operations")


def content(size: int | None) -> Observation:
    """Return the observation of an object of this size (None: no object)."""
    return ABSENT if size is None else Observation(size, etag=f"e{size}")
