"""The content of the two tables, and what must hold at any moment and at rest."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from size_history import items, keys
from size_history.items import Peak, Rollup, Sample, State, Totals
from size_history.keys import prefix_of
from size_history.sources import Hearing, Source
from tests.rollups import rollups_of

Pair = tuple[int, int]
"""Bytes and objects."""


@dataclass
class Books:
    """All items of both tables, by bucket."""

    rows: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    revisions: dict[tuple[str, str], int] = field(default_factory=dict)
    prefixes: dict[str, dict[str, Pair]] = field(default_factory=lambda: defaultdict(dict))
    totals: dict[str, Totals] = field(default_factory=dict)
    samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    peak: Peak | None = None
    sources: dict[str, Source] = field(default_factory=dict)
    rollups: dict[str, list[Rollup]] = field(default_factory=lambda: defaultdict(list))
    open_runs: list[str] = field(default_factory=list)
    """The buckets whose reconcile has not ended."""


def read(ledger: Iterable[Mapping[str, Any]], history: Iterable[Mapping[str, Any]]) -> Books:
    """Read the items of both tables."""
    books = Books()
    for item in ledger:
        bucket, _, kind = item[keys.PK]["S"].partition("#")
        _take_part(books, bucket, kind, item) if kind else _take(books, bucket, item)
    for sample in sorted(map(Sample.from_item, history), key=lambda one: (one.bucket, one.time)):
        books.samples[sample.bucket].append(sample)
    return books


def _take_part(books: Books, bucket: str, kind: str, item: Mapping[str, Any]) -> None:
    """Take in a row of an object, a prefix or an interval."""
    sk = item[keys.SK]["S"]
    if kind.startswith("object"):
        books.revisions[bucket, sk] = items.int_of(item, "revision")
        if "size" in item:
            books.rows[bucket][sk] = items.int_of(item, "size")
    elif kind.startswith("prefix"):
        books.prefixes[bucket][sk] = items.int_of(item, "size"), items.int_of(item, "count")
    elif kind.startswith("rollup"):
        books.rollups[bucket].append(Rollup.from_item(item))


def _take(books: Books, pk: str, item: Mapping[str, Any]) -> None:
    """Take in a row of a bucket as a whole, or of all buckets."""
    sk = item[keys.SK]["S"]
    if sk == keys.TOTALS:
        books.totals[pk] = Totals.from_item(item)
    elif sk == keys.RECONCILE and "ended" not in item:
        books.open_runs.append(pk)
    elif sk.startswith(keys.BUCKET_ROW) and pk == keys.EVERY_BUCKET:
        books.sources[sk.removeprefix(keys.BUCKET_ROW)] = Source.from_item(item)
    elif sk == keys.PEAK:
        books.peak = Peak.from_item(item)


def assert_consistent(books: Books) -> None:
    """Assert what holds after every transaction, even if messages are in flight."""
    for bucket, totals in books.totals.items():
        rows = books.rows[bucket]
        _same("totals are the sum of the rows", (totals.size, totals.count), (sum(rows.values()), len(rows)))
        _same("prefixes are the sums of their rows", _held(books.prefixes[bucket]), _by_prefix(rows))
        samples = books.samples[bucket]
        _same("a bucket has samples if it is live", bool(samples), totals.state is State.LIVE)
        if samples:
            _assert_history(totals, samples)
            _assert_rollups(totals, samples, books.rollups[bucket])
    _same("a bucket with samples has totals", set(books.samples) - set(books.totals), set())
    maxima = [sample.total_size for samples in books.samples.values() for sample in samples]
    _same("the peak is the maximum of the samples", books.peak and books.peak.size, max(maxima, default=None))


def _assert_history(totals: Totals, samples: list[Sample]) -> None:
    last = samples[-1]
    _same(
        "the last sample is the totals",
        (last.total_size, last.object_cnt, last.time),
        (totals.size, totals.count, totals.last_time),
    )
    highest = max(sample.total_size for sample in samples)
    _same("a bucket's maximum is that of its samples", totals.max_size, highest)
    counted = samples[0].object_cnt + totals.created - totals.removed
    _same("the counters count the transitions", totals.count, counted)
    for before, after in pairwise(samples):
        _true("times rise", before.time < after.time, (before, after))
        _true("revisions rise", before.revision < after.revision, (before, after))
        moved = (after.created_cnt - before.created_cnt) - (after.removed_cnt - before.removed_cnt)
        _same("the counters count the transitions", after.object_cnt - before.object_cnt, moved)


def _assert_rollups(totals: Totals, samples: list[Sample], rollups: list[Rollup]) -> None:
    """Assert that the rollups are those of the samples. None may be missing if the totals know the open intervals."""
    closed, open_ = rollups_of(samples)
    right, found = ({(row.unit, row.interval.start): row for row in rows} for rows in (closed, rollups))
    stray = {place: row for place, row in found.items() if right.get(place) != row}
    _same("a row is that of the samples of a closed interval", stray, {})
    if totals.open is not None:
        _same("the open intervals are those of the samples", totals.open, open_)
        _same("every closed interval has a row", set(right) - set(found), set())


def assert_exact(books: Books, listings: Mapping[str, Mapping[str, int]]) -> None:
    """Assert that the books agree with the buckets' listings when nothing is in flight."""
    for bucket, listing in listings.items():
        _same("at rest the rows are the listing", books.rows[bucket], dict(listing))
        totals = books.totals.get(bucket)
        _same("at rest every bucket is live", totals and totals.state, State.LIVE)
        source = books.sources.get(bucket)
        _same("at rest every bucket is heard", source and source.hearing, Hearing.HEARD)


def assert_ended(books: Books) -> None:
    """Assert that every reconcile has ended and every rollup is made, when nothing is in flight after the daily message."""
    _same("every reconcile ends", books.open_runs, [])
    _same("every rollup is made", unknown(books), [])


def unknown(books: Books) -> list[str]:
    """Return the buckets with samples whose open intervals are unknown."""
    return [bucket for bucket, totals in books.totals.items() if totals.last_time and totals.open is None]


def assert_rising(before: Books, after: Books) -> None:
    """Assert that no row went back to an earlier revision."""
    for row, revision in after.revisions.items():
        _true("a revision is never used again", revision >= before.revisions.get(row, 0), row)


def _same(claim: str, found: object, expected: object) -> None:
    assert found == expected, f"{claim}: {found} instead of {expected}"


def _true(claim: str, holds: bool, about: object) -> None:
    assert holds, f"{claim}: not so at {about}"


def _by_prefix(rows: Mapping[str, int]) -> dict[str, Pair]:
    found: dict[str, Pair] = {}
    for key, size in rows.items():
        so_far = found.get(prefix_of(key), (0, 0))
        found[prefix_of(key)] = so_far[0] + size, so_far[1] + 1
    return found


def _held(prefixes: Mapping[str, Pair]) -> dict[str, Pair]:
    return {prefix: pair for prefix, pair in prefixes.items() if pair != (0, 0)}
