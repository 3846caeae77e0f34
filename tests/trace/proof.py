"""Which attempts took place: those known to be committed, and those that others prove.

An attempt without its second line may have been committed: its answer was lost, or its process died. If another commit
read a revision that only this attempt wrote, or if it is the missing link between two revisions of the totals, it was.
"""

from collections.abc import Iterable, Mapping

from tests.trace.lines import Attempt, Row, Totals, Trace


def took_place(trace: Trace, last: Mapping[str, Totals]) -> list[Attempt]:
    """Return the attempts that took place; `last` are totals of buckets as they were read afterwards."""
    proof = _Proof(last)
    for id_, attempt in trace.attempts.items():
        if id_ in trace.committed:
            proof.accept(attempt)
    open_ = [attempt for id_, attempt in trace.attempts.items() if id_ not in trace.committed]
    while found := next(proof.proved(open_), None):
        open_.remove(found)
        proof.accept(found)
    return proof.accepted


class _Proof:
    """The accepted attempts, by what they read and wrote."""

    def __init__(self, last: Mapping[str, Totals]) -> None:
        self.accepted: list[Attempt] = []
        self._read: set[tuple[str, str, int]] = set()
        self._tombstones: set[tuple[str, str]] = set()
        self._written: set[tuple[str, str, int]] = set()
        # The totals as read afterwards are like a commit after the last one, of no rows.
        self._totals: dict[tuple[str, int], Attempt] = {
            (bucket, totals.revision + 1): Attempt("", bucket, totals=totals)
            for bucket, totals in last.items()
        }

    def accept(self, attempt: Attempt) -> None:
        self.accepted.append(attempt)
        self._read |= {(attempt.bucket, row.digest, row.read) for row in attempt.rows}
        self._tombstones |= {(attempt.bucket, row.digest) for row in attempt.rows if row.after is None}
        self._written |= {(attempt.bucket, row.digest, row.written) for row in attempt.rows}
        if attempt.totals:
            self._totals.setdefault((attempt.bucket, attempt.totals.revision), attempt)

    def proved(self, open_: Iterable[Attempt]) -> Iterable[Attempt]:
        """Yield the attempts that the accepted ones prove; those first whose rows were read, which is the better proof."""
        fitting = [attempt for attempt in open_ if self._fits(attempt)]
        yield from (one for one in fitting if any(self._was_read(one.bucket, row) for row in one.rows))
        missing = self._missing()
        yield from (one for one in fitting if one.totals and (one.bucket, one.totals.revision) in missing)

    def _was_read(self, bucket: str, row: Row) -> bool:
        return (bucket, row.digest, row.written) in self._read - self._written

    def _fits(self, attempt: Attempt) -> bool:
        """Return whether the attempt could have been committed among the accepted ones."""
        bucket, totals = attempt.bucket, attempt.totals
        if any(self._moved(bucket, row) for row in attempt.rows):
            return False
        if totals is None:
            return True
        before, after = (self._totals.get((bucket, totals.revision + step)) for step in (-1, 1))
        return (
            (bucket, totals.revision) not in self._totals
            and (before is None or follows(attempt, before))
            and (after is None or follows(after, attempt))
        )

    def _moved(self, bucket: str, row: Row) -> bool:
        """Return whether another attempt moved the row from the revision that was read."""
        if (bucket, row.digest, row.written) in self._written:
            return True
        # A tombstone expires, and then a row begins at 0 again.
        again = row.read == 0 and (bucket, row.digest) in self._tombstones
        return (bucket, row.digest, row.read) in self._read and not again

    def _missing(self) -> set[tuple[str, int]]:
        """Return the revisions of totals that no accepted attempt wrote, between others."""
        first: dict[str, int] = {}
        last: dict[str, int] = {}
        for bucket, revision in self._totals:
            first[bucket] = min(revision, first.get(bucket, revision))
            last[bucket] = max(revision, last.get(bucket, revision))
        return {
            (bucket, revision)
            for bucket, lowest in first.items()
            for revision in range(lowest, last[bucket])
            if (bucket, revision) not in self._totals
        }


def follows(later: Attempt, earlier: Attempt) -> bool:
    """Return whether the bytes and objects of an attempt are those of the one before it and its own rows' changes."""
    assert later.totals
    assert earlier.totals
    return (later.totals.size - later.size_delta, later.totals.count - later.count_delta) == (
        earlier.totals.size,
        earlier.totals.count,
    )
