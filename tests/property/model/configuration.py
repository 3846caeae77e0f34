"""What is explored: how many handlers and changes, on which keys, and how often each fault may strike."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from size_history.items import Peak, Sample, State, Totals
from size_history.keys import prefix_of
from size_tracking.values import ABSENT, ObjectRow, Observation
from tests.property.model.books import NO_ROW, Books, Bucket, Row

NOW = 1
"""Where the clock stands (microseconds): still, which is the worst a clock can do, until a fault moves it."""


class Budget(NamedTuple):
    """How often each may still happen."""

    operations: int = 0
    """Puts, overwrites and deletes."""
    crashes: int = 0
    """A handler dies between any two of its requests; its messages come back."""
    lost: int = 0
    """A write goes through, but its answer is lost: the handler sees an error, or the answer of a second attempt."""
    zombies: int = 0
    """A handler's messages come back while it goes on, beside the others."""
    duplicates: int = 0
    """A message is delivered, and stays in the queue as well."""
    conflicts: int = 0
    """A transaction is cancelled by another one under way, though nothing moved."""
    unanswered: int = 0
    """S3 does not answer a HEAD."""
    short: int = 0
    """A shard's rows are read only up to one of them."""
    late: int = 0
    """The invocation's time is over."""
    expiries: int = 0
    """A tombstone that no living handler is older than is removed."""
    delays: int = 0
    """A quarter of an hour passes: long enough for a run to be stale."""
    stale: int = 0
    """A read of rows, totals or peak misses the last commit, as one that is eventually consistent may."""


@dataclass(frozen=True)
class Configuration:
    """One bounded world. Keys are (bucket, key); sizes at the start and in the rows are in that order."""

    name: str
    keys: tuple[tuple[str, str], ...]
    handlers: int
    budget: Budget
    batch: int = 1
    """Messages that one handler may take at once."""
    sizes: tuple[int, ...] = (1, 2)
    """What is put."""
    in_s3: tuple[int | None, ...] = ()
    recorded: tuple[int | None, ...] = ()
    live: bool = True
    messages: tuple[str, ...] = ()
    page: int = 1000
    chunk: int = 48
    """Keys of one transaction."""
    split_rows: bool = True
    """Rows of a chunk are read one by one, as a BatchGetItem may."""
    split_totals: bool = False
    """Totals and peak are read one by one."""

    def listing(self) -> tuple[Observation, ...]:
        """Return what S3 holds at the start."""
        return tuple(content(size) for size in self.in_s3 or (None,) * len(self.keys))

    def books(self) -> Books:
        """Return the tables at the start: a live bucket's as a baseline left them, else empty."""
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
            return Bucket(tuple((key, NO_ROW) for key, _ in own), prefixes)
        rows = tuple(
            (key, Row(ObjectRow(1, content(size)), expires=False, ever=1) if size else NO_ROW)
            for key, size in own
        )
        bucket = Bucket(rows)
        size, count = bucket.weight()
        sums = {prefix: (0, 0) for prefix, _ in prefixes} | bucket.weight_by_prefix()
        return replace(
            bucket,
            prefixes=tuple(sorted(sums.items())),
            totals=Totals(size, count, 0, 0, 0, 0, last_time=NOW, revision=1, state=State.LIVE),
            sample=Sample("", NOW, size, count),
        )

    def faults(self) -> str:
        """Return what may go wrong, in words."""
        return ", ".join(f"{n} {f}" for f, n in self.budget._asdict().items() if n and f != "operations")


def content(size: int | None) -> Observation:
    """Return what S3 says of an object of this size (None: of none)."""
    return ABSENT if size is None else Observation(size, etag=f"e{size}")
