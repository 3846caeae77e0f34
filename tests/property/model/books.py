"""The two tables in memory, as one frozen value: what a transaction finds, and what it leaves.

Where rollups are looked at, all samples are kept, in the order of their times. Elsewhere the last one is enough, and open
intervals are left out. Values on which no decision depends (counters, past instants) are checked when they are written and then dropped, so that
states which differ in nothing else are the same state.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from size_history.items import Peak, Rollup, Sample, State, Totals
from size_history.keys import prefix_of
from size_history.sources import Source
from size_tracking.values import ObjectRow, Outcome, RowWrite, Run, Transaction


class Row(NamedTuple):
    """A stored object row. The table may remove it if it `expires`; `ever` is the highest revision that its key has had."""

    row: ObjectRow | None
    expires: bool
    ever: int


NO_ROW = Row(None, expires=False, ever=0)
FIRST_TOTALS = Totals(0, 0, 0, 0, 0, max_size=0, last_time=0, revision=1, state=State.ADOPTING)
FIRST_SOURCE = Source(since=0)


@dataclass(frozen=True)
class Bucket:
    """The content of the tables for one bucket: rows, prefix rows and rollups in key order, and the last sample."""

    rows: tuple[tuple[str, Row], ...]
    prefixes: tuple[tuple[str, tuple[int, int]], ...] = ()
    totals: Totals | None = None
    run: Run | None = None
    sample: Sample | None = None
    source: Source | None = None
    samples: tuple[Sample, ...] = ()
    rollups: tuple[Rollup, ...] = ()

    def with_rollups(self, rollups: tuple[Rollup, ...]) -> "Bucket":
        """Return the tables after rollups were put, whatever there was."""
        stored = {rollup_place(rollup): rollup for rollup in (*self.rollups, *rollups)}
        return replace(self, rollups=tuple(stored[place] for place in sorted(stored)))

    def stored(self, key: str) -> Row:
        return dict(self.rows)[key]

    def present(self) -> Iterator[tuple[str, ObjectRow]]:
        return ((key, row.row) for key, row in self.rows if row.row and row.row.seen.present)

    def weight(self) -> tuple[int, int]:
        """Return bytes and objects, summed over the rows."""
        sizes = [row.seen.size or 0 for _, row in self.present()]
        return sum(sizes), len(sizes)

    def weight_by_prefix(self) -> dict[str, tuple[int, int]]:
        """Return bytes and objects per prefix, summed over the rows."""
        sums: dict[str, tuple[int, int]] = {}
        for key, row in self.present():
            size, count = sums.get(prefix_of(key), (0, 0))
            sums[prefix_of(key)] = size + (row.seen.size or 0), count + 1
        return sums


@dataclass(frozen=True)
class Books:
    """All buckets, the peak, and the maximum of all samples ever, which no table holds."""

    buckets: tuple[tuple[str, Bucket], ...]
    peak: Peak | None = None
    largest: int | None = None

    def of(self, bucket: str) -> Bucket:
        return dict(self.buckets)[bucket]

    def put(self, name: str, bucket: Bucket) -> "Books":
        return replace(self, buckets=tuple((n, bucket if n == name else b) for n, b in self.buckets))

    def without(self, name: str, key: str) -> "Books":
        """Return the tables after the row of a key has expired."""
        bucket = self.of(name)
        rows = tuple(
            (k, row._replace(row=None, expires=False) if k == key else row) for k, row in bucket.rows
        )
        return self.put(name, replace(bucket, rows=rows))


def rollup_place(rollup: Rollup) -> tuple[str, int]:
    """Return what tells a rollup's row from all others of its bucket."""
    return rollup.unit, rollup.interval.start


# --- conditions and writes, one function each, so that a mutant can leave one out ---


def row_stands(stored: Row, write: RowWrite) -> bool:
    return (stored.row.revision if stored.row else 0) == write.read_revision


def run_stands(stored: Run | None, run: Run) -> bool:
    return (stored.revision if stored else 0) == run.revision - 1


def totals_stand(stored: Totals | None, transaction: Transaction) -> bool:
    return (stored.revision if stored else 0) == transaction.totals.revision - 1


def peak_is_lower(stored: Peak | None, peak: Peak) -> bool:
    return stored is None or stored.size < peak.size


def source_stands(stored: Source | None, source: Source) -> bool:
    return (stored.revision if stored else 0) == source.revision - 1


def row_written(stored: Row, write: RowWrite) -> Row:
    ever = max(stored.ever, write.revision)
    return Row(ObjectRow(write.revision, write.seen), expires=not write.seen.present, ever=ever)


def totals_written(stored: Totals | None, transaction: Transaction) -> Totals:
    return transaction.totals


def totals_may_be_created(stored: Totals | None) -> bool:
    return stored is None


# --- what DynamoDB does with a transaction ---


def outcome(books: Books, transaction: Transaction) -> Outcome:
    """Return how the transaction would end; a moved row counts before moved totals, as in the real adapter."""
    bucket = books.of(transaction.bucket)
    if not all(row_stands(bucket.stored(write.key), write) for write in transaction.rows):
        return Outcome.ROW_MOVED
    if transaction.run and not run_stands(bucket.run, transaction.run):
        return Outcome.ROW_MOVED
    if transaction.totals and not totals_stand(bucket.totals, transaction):
        return Outcome.TOTALS_MOVED
    if transaction.source and not source_stands(bucket.source, transaction.source):
        return Outcome.TOTALS_MOVED
    if transaction.peak and not peak_is_lower(books.peak, transaction.peak):
        return Outcome.TOTALS_MOVED
    return Outcome.COMMITTED


def written(books: Books, transaction: Transaction) -> Books:
    """Return the tables after the transaction."""
    bucket = books.of(transaction.bucket)
    writes = {write.key: write for write in transaction.rows}
    rows = tuple((key, row_written(row, writes[key]) if key in writes else row) for key, row in bucket.rows)
    prefixes = dict(bucket.prefixes)
    for delta in transaction.prefixes:
        size, count = prefixes.get(delta.prefix, (0, 0))
        prefixes[delta.prefix] = (size + delta.size, count + delta.count)
    bucket = replace(
        bucket,
        rows=rows,
        prefixes=tuple(sorted(prefixes.items())),
        totals=totals_written(bucket.totals, transaction) if transaction.totals else bucket.totals,
        run=transaction.run or bucket.run,
        sample=transaction.sample or bucket.sample,
        source=transaction.source or bucket.source,
        samples=(*bucket.samples, *([transaction.sample] if transaction.sample else [])),
    ).with_rollups(transaction.rollups)
    books = replace(books.put(transaction.bucket, bucket), peak=transaction.peak or books.peak)
    if transaction.sample:
        largest = books.largest if books.largest is not None else -1
        books = replace(books, largest=max(largest, transaction.sample.total_size))
    return books


def canonical(books: Books, now: int, *, rollups: bool) -> Books:
    """Return the tables without the values on which no decision depends; without `rollups` these are such values."""
    canonical_of = _with_rollups if rollups else _canonical
    buckets = tuple((name, canonical_of(bucket, now)) for name, bucket in books.buckets)
    return replace(books, buckets=buckets, peak=books.peak and replace(books.peak, time=0))


def _with_rollups(bucket: Bucket, now: int) -> Bucket:
    samples = tuple(bare(sample) for sample in bucket.samples)
    last = samples[-1] if samples else None
    totals = bucket.totals and replace(bucket.totals, max_size=0)
    return replace(
        _canonical(bucket, now), totals=totals, sample=last, samples=samples, rollups=bucket.rollups
    )


def bare(sample: Sample) -> Sample:
    """Return a sample with nothing but what rollups are made of."""
    return replace(sample, bucket="", revision=0, changed_keys=(), changed_cnt=0)


def _canonical(bucket: Bucket, now: int) -> Bucket:
    totals, sample, run, source = bucket.totals, bucket.sample, bucket.run, bucket.source
    if totals:
        last = min(totals.last_time, now)
        totals = replace(totals, created=0, overwritten=0, removed=0, max_size=0, last_time=last, open=None)
    if sample:
        last = min(sample.time, now)
        size, count = sample.total_size, sample.object_cnt
        sample = Sample(bucket="", time=last, total_size=size, object_cnt=count)
    if run:
        ended = run.ended and 1
        run = replace(run, checked=0, healed=0, drift=0, refused=0, missed=0, settled=False, ended=ended)
    if source:
        source = replace(source, since=0, checked=0)
    return replace(bucket, totals=totals, sample=sample, run=run, source=source, samples=(), rollups=())
