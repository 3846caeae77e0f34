"""The accounting as a pure state machine: what to do next with one chunk of keys, and why it is exact.

A chunk goes ReadRows → Observe → ReadTotals → Commit → Done; `tracker.py` runs it. A state is a frozen value that names
what the tracker must fetch. A function takes a state and the answer, and returns the next state. Nothing here reads a
clock or calls AWS, so the tests explore every interleaving of this code.

Why it is exact: a commit writes an observation that was made *after* the row's revision was read, and it succeeds only
if the row still has that revision. So the observations of a key are committed in the order in which they were made. The
last event of a key is acknowledged only after a commit whose observation was made after the event.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from size_history.items import MAX_CHANGED_KEYS, Peak, Sample, State, Totals
from size_history.keys import prefix_of
from size_history.rollups import Point, Unit, opened_by
from size_tracking.values import (
    MAX_ITEMS,
    ObjectRow,
    Observation,
    Outcome,
    PrefixDelta,
    RowWrite,
    Transaction,
)

ROOM = MAX_ITEMS - 3 - len(Unit)
"""Items of a transaction that are left to rows and prefixes, beside totals, sample, peak and a closed interval per unit."""


@dataclass(frozen=True, slots=True)
class ReadRows:
    """Read these keys' rows, strongly consistent."""

    bucket: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Observe:
    """Ask S3 about each of these keys, now that their revisions are known."""

    bucket: str
    rows: tuple[tuple[str, ObjectRow], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """One key: its row in the Ledger, and what S3 said about it afterwards."""

    key: str
    row: ObjectRow
    seen: Observation

    @property
    def changed(self) -> bool:
        """Return whether S3 and the Ledger differ."""
        return not self.seen.same_as(self.row.seen)


@dataclass(frozen=True, slots=True)
class ReadTotals:
    """Read the bucket's totals and the peak."""

    bucket: str
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class Adopt:
    """The bucket has no totals: start its adoption, then read the totals."""

    bucket: str
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """Write this transaction."""

    looks: tuple[Look, ...]
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class Done:
    """The chunk is committed, or S3 answered for none of its keys.

    `changed` counts the keys that had changed; `bytes_moved` sums the absolute differences of their sizes.
    """

    changed: int = 0
    bytes_moved: int = 0


def chunks(keys: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Cut keys into chunks, in their order, each as long as a transaction has room for its rows and prefixes."""
    start, prefixes = 0, set[str]()
    for end, key in enumerate(keys):
        prefixes.add(prefix_of(key))
        if end - start + 1 + len(prefixes) > ROOM:
            yield tuple(keys[start:end])
            start, prefixes = end, {prefix_of(key)}
    if start < len(keys):
        yield tuple(keys[start:])


ChunkState = ReadRows | Observe | ReadTotals | Adopt | Commit | Done


def rows_read(state: ReadRows, rows: Mapping[str, ObjectRow]) -> Observe:
    """Continue with the rows that were found; a key without a row is at revision 0."""
    return Observe(state.bucket, tuple((key, rows.get(key, ObjectRow())) for key in state.keys))


def observed(state: Observe, seen: Mapping[str, Observation]) -> ReadTotals | Done:
    """Continue with the keys that S3 answered for; the caller reports the others."""
    looks = tuple(Look(key, row, seen[key]) for key, row in state.rows if key in seen)
    return ReadTotals(state.bucket, looks) if looks else Done()


def totals_read(state: ReadTotals, totals: Totals | None, peak: Peak | None, now: int) -> Adopt | Commit:
    """Plan the commit from totals and peak as read just now (`now` in microseconds since 1970).

    It writes every row, even if nothing changed: the new revision makes the commit of any slower, older observation
    fail.
    """
    if totals is None:
        return Adopt(state.bucket, state.looks)
    rows = tuple(
        RowWrite(
            look.key,
            look.row.revision,
            max(look.row.revision + 1, now),
            look.seen,
            size_before=look.row.seen.size,
        )
        for look in state.looks
    )
    changed = [look for look in state.looks if look.changed]
    if not changed:
        return Commit(state.looks, Transaction(state.bucket, rows))
    moved = Transaction(state.bucket, rows, prefixes=_prefix_deltas(changed), totals=_moved(totals, changed))
    return Commit(state.looks, _record(moved, totals, changed, peak, now))


def adopted(state: Adopt) -> ReadTotals:
    """Continue after the adoption has been started."""
    return ReadTotals(state.bucket, state.looks)


def committed(state: Commit, outcome: Outcome) -> Done | ReadTotals | ReadRows:
    """Finish, or go back. If a row moved, the observations may be older than that row, so everything is repeated."""
    bucket = state.transaction.bucket
    if outcome is Outcome.ROW_MOVED:
        return ReadRows(bucket, tuple(look.key for look in state.looks))
    if outcome is Outcome.TOTALS_MOVED:
        return ReadTotals(bucket, state.looks)
    changed = [look for look in state.looks if look.changed]
    return Done(len(changed), sum(abs(_size_delta(look)) for look in changed))


def go_live(bucket: str, totals: Totals, peak: Peak | None, now: int) -> Transaction:
    """Plan the end of an adoption: the totals become live, the first sample (the baseline) is written, the peak raised.

    The new revision of the totals makes any commit fail that was planned while adopting, since it has no sample.
    """
    live = replace(totals, state=State.LIVE, revision=totals.revision + 1)
    return _record(Transaction(bucket, totals=live), totals, [], peak, now)


def _record(
    transaction: Transaction, before: Totals, changed: list[Look], peak: Peak | None, now: int
) -> Transaction:
    """Add the sample, the intervals that it closes and the peak to a commit of live totals.

    `before` are the totals that it replaces. An adopting bucket has no samples yet.
    """
    totals = transaction.totals
    if totals is None or totals.state is not State.LIVE:
        return transaction
    time = max(now, totals.last_time + 1)
    point = Point(totals.size, totals.count, time)
    # Unknown intervals stay unknown until a run over the samples has found them.
    known = before.open is not None or before.last_time == 0
    totals = replace(
        totals,
        last_time=time,
        max_size=max(totals.max_size, totals.size),
        open=opened_by(before.open or (), point) if known else None,
    )
    sample = Sample(
        bucket=transaction.bucket,
        time=time,
        total_size=totals.size,
        object_cnt=totals.count,
        created_cnt=totals.created,
        overwritten_cnt=totals.overwritten,
        removed_cnt=totals.removed,
        revision=totals.revision,
        changed_keys=tuple(look.key for look in changed[:MAX_CHANGED_KEYS]),
        changed_cnt=len(changed),
    )
    higher = peak is None or peak.size < totals.size
    raised = Peak(totals.size, transaction.bucket, time) if higher else None
    return replace(transaction, totals=totals, sample=sample, rollups=before.closed_by(time), peak=raised)


def _moved(totals: Totals, changed: list[Look]) -> Totals:
    """Return the totals after these changes. The counters stay while adopting: they count what is created while live."""
    moved = replace(
        totals,
        size=totals.size + sum(_size_delta(look) for look in changed),
        count=totals.count + sum(_count_delta(look) for look in changed),
        revision=totals.revision + 1,
    )
    if totals.state is State.ADOPTING:
        return moved
    created = sum(_count_delta(look) > 0 for look in changed)
    removed = sum(_count_delta(look) < 0 for look in changed)
    return replace(
        moved,
        created=totals.created + created,
        removed=totals.removed + removed,
        overwritten=totals.overwritten + len(changed) - created - removed,
    )


def _prefix_deltas(changed: list[Look]) -> tuple[PrefixDelta, ...]:
    """Return one summed delta per prefix: a transaction may write an item only once (an AWS limit)."""
    sums: dict[str, tuple[int, int]] = {}
    for look in changed:
        prefix = prefix_of(look.key)
        size, count = sums.get(prefix, (0, 0))
        sums[prefix] = (size + _size_delta(look), count + _count_delta(look))
    return tuple(PrefixDelta(prefix, size, count) for prefix, (size, count) in sums.items() if size or count)


def _size_delta(look: Look) -> int:
    return (look.seen.size or 0) - (look.row.seen.size or 0)


def _count_delta(look: Look) -> int:
    return int(look.seen.present) - int(look.row.seen.present)
