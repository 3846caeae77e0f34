"""What the two tables say, and what must hold of it: at any moment, and at rest."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from size_history import items, keys
from size_history.items import Peak, Sample, State, Totals
from size_history.keys import prefix_of

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
        elif sk == keys.PEAK:
            books.peak = Peak.from_item(item)
    for sample in sorted(map(Sample.from_item, history), key=lambda one: (one.bucket, one.time)):
        books.samples[sample.bucket].append(sample)
    return books


def assert_consistent(books: Books) -> None:
    """Assert what every transaction keeps, whatever is still in flight."""
    for bucket, totals in books.totals.items():
        rows = books.rows[bucket]
        assert (totals.size, totals.count) == (sum(rows.values()), len(rows)), bucket
        assert _held(books.prefixes[bucket]) == _by_prefix(rows), bucket
        samples = books.samples[bucket]
        assert bool(samples) == (totals.state is State.LIVE), bucket
        if samples:
            _assert_history(totals, samples)
    assert set(books.samples) <= set(books.totals)
    maxima = [sample.total_size for samples in books.samples.values() for sample in samples]
    assert (books.peak.size if books.peak else None) == max(maxima, default=None)


def _assert_history(totals: Totals, samples: list[Sample]) -> None:
    last = samples[-1]
    assert (last.total_size, last.object_cnt, last.time) == (totals.size, totals.count, totals.last_time)
    assert totals.max_size == max(sample.total_size for sample in samples)
    assert totals.count == samples[0].object_cnt + totals.created - totals.removed
    for before, after in pairwise(samples):
        assert before.time < after.time
        assert before.revision < after.revision
        assert after.object_cnt - before.object_cnt == (after.created_cnt - before.created_cnt) - (
            after.removed_cnt - before.removed_cnt
        )


def assert_exact(books: Books, listings: Mapping[str, Mapping[str, int]]) -> None:
    """Assert that the books hold what the buckets list, now that nothing is in flight."""
    for bucket, listing in listings.items():
        assert books.rows[bucket] == listing
        assert books.totals[bucket].state is State.LIVE


def assert_rising(before: Books, after: Books) -> None:
    """Assert that no row went back to a revision it had."""
    for row, revision in after.revisions.items():
        assert revision >= before.revisions.get(row, 0), row


def _by_prefix(rows: Mapping[str, int]) -> dict[str, Pair]:
    found: dict[str, Pair] = {}
    for key, size in rows.items():
        so_far = found.get(prefix_of(key), (0, 0))
        found[prefix_of(key)] = so_far[0] + size, so_far[1] + 1
    return found


def _held(prefixes: Mapping[str, Pair]) -> dict[str, Pair]:
    return {prefix: pair for prefix, pair in prefixes.items() if pair != (0, 0)}
