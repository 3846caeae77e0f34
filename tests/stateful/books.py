"""The content of the two tables, and what must hold at any moment and at rest."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from size_history import items, keys
from size_history.items import Peak, Sample, State, Totals
from size_history.keys import prefix_of
from size_history.sources import Hearing, Source

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
    open_runs: list[str] = field(default_factory=list)
    """The buckets whose reconcile has not ended."""


def read(ledger: Iterable[Mapping[str, Any]], history: Iterable[Mapping[str, Any]]) -> Books:
    """Read the items of both tables."""
    books = Books()
    for item in ledger:
        pk, sk = item[keys.PK]["S"], item[keys.SK]["S"]
        bucket, _, kind = pk.partition("#")
        if kind.startswith("object"):
            books.revisions[bucket, sk] = items.int_of(item, "revision")
            if "size" in item:
                books.rows[bucket][sk] = items.int_of(item, "size")
        elif kind.startswith("prefix"):
            books.prefixes[bucket][sk] = items.int_of(item, "size"), items.int_of(item, "count")
        elif sk == keys.TOTALS:
            books.totals[bucket] = Totals.from_item(item)
        elif sk == keys.RECONCILE and "ended" not in item:
            books.open_runs.append(bucket)
        elif sk.startswith(keys.BUCKET_ROW) and pk == keys.EVERY_BUCKET:
            books.sources[sk.removeprefix(keys.BUCKET_ROW)] = Source.from_item(item)
        elif sk == keys.PEAK:
            books.peak = Peak.from_item(item)
    for sample in sorted(map(Sample.from_item, history), key=lambda one: (one.bucket, one.time)):
        books.samples[sample.bucket].append(sample)
    return books


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


def assert_exact(books: Books, listings: Mapping[str, Mapping[str, int]]) -> None:
    """Assert that the books agree with the buckets' listings when nothing is in flight."""
    for bucket, listing in listings.items():
        _same("at rest the rows are the listing", books.rows[bucket], dict(listing))
        totals = books.totals.get(bucket)
        _same("at rest every bucket is live", totals and totals.state, State.LIVE)
        source = books.sources.get(bucket)
        _same("at rest every bucket is heard", source and source.hearing, Hearing.HEARD)


def assert_ended(books: Books) -> None:
    """Assert that every reconcile has ended, when nothing is in flight after the daily message."""
    _same("every reconcile ends", books.open_runs, [])


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
