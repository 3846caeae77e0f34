"""Checks the tracker's trace: the commits of a run, replayed against the invariants of the accounting.

The lines may come in any order, and from many processes: the revisions order them. What happened before the first line is
not known, so the check begins with the first revision of each bucket and each row that the trace has.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from tests.trace import intervals
from tests.trace.lines import Attempt, Row, Totals, Trace
from tests.trace.proof import follows, took_place

ADOPTING, LIVE = "adopting", "live"
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Rest:
    """What the Ledger holds after the run, when nothing is in flight: some buckets' totals, and the peak's bytes."""

    totals: Mapping[str, Totals] = field(default_factory=dict)
    peak: int | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong: `broken` invariants, and what cannot be checked because the trace lacks lines (`incomplete`)."""

    broken: tuple[str, ...]
    incomplete: tuple[str, ...]
    commits: int
    """How many commits the trace has."""
    forgotten: tuple[str, ...] = ()
    """Buckets whose totals were created more than once, so that only the commits of each alone could be checked."""

    def demand(self, *, truncated: bool = False, forgetting: bool = False) -> None:
        """Raise AssertionError unless all is right.

        Only a log that is known to be `truncated` may lack lines, and only a run in which buckets were untracked with
        their history (`forgetting`) may create totals again.
        """
        wrong = [f"broken: {each}" for each in self.broken]
        if not forgetting:
            wrong += [f"broken: totals of {bucket} were created again" for bucket in self.forgotten]
        if not truncated:
            wrong += [f"incomplete: {each}" for each in self.incomplete]
        assert not wrong, f"{len(wrong)} findings in the trace of {self.commits} commits:\n" + "\n".join(
            wrong[:20]
        )


def check(trace: Trace, rest: Rest | None = None) -> Findings:
    """Replay a trace."""
    return _Replay(trace, rest or Rest()).findings()


class _Replay:
    """The commits of a trace, and what was found so far."""

    def __init__(self, trace: Trace, rest: Rest) -> None:
        self._trace = trace
        self._rest = rest
        self._commits = took_place(trace, rest.totals)
        self._broken: list[str] = []
        self._incomplete: list[str] = []

    def findings(self) -> Findings:
        """Return what is wrong."""
        for id_ in sorted(self._trace.committed - self._trace.attempts.keys()):
            self._incomplete.append(f"commit {id_} has no line that tells what it wrote")
        for commit in self._commits:
            self._check_alone(commit)
        created = [commit.bucket for commit in self._commits if commit.totals and commit.totals.revision == 1]
        forgotten = {bucket for bucket in created if created.count(bucket) > 1}
        commits_of = _grouped(
            (commit.bucket, commit) for commit in self._commits if commit.bucket not in forgotten
        )
        for bucket, commits in commits_of.items():
            self._check_totals(bucket, [commit for commit in commits if commit.totals])
            runs = [commit.run for commit in commits if commit.run is not None]
            self._true(f"{bucket}: a run's revision is written once", len(set(runs)) == len(runs))
        rows = (
            (commit.bucket, row.digest, row)
            for commits in commits_of.values()
            for commit in commits
            for row in commit.rows
        )
        for (bucket, digest), writes in _grouped(
            ((bucket, digest), row) for bucket, digest, row in rows
        ).items():
            self._check_row(f"{bucket}, key {digest}", sorted(writes, key=lambda row: row.written))
        self._check_peak()
        return Findings(
            tuple(self._broken), tuple(self._incomplete), len(self._commits), tuple(sorted(forgotten))
        )

    def _true(self, claim: str, holds: bool, found: object = "") -> None:
        if not holds:
            self._broken.append(f"{claim}: not so {found}")

    def _check_alone(self, commit: Attempt) -> None:
        """Check what must hold within one commit."""
        at, totals = f"{commit.bucket}, commit {commit.id}", commit.totals
        digests = {row.digest for row in commit.rows}
        self._true(f"{at}: a key is written once", len(digests) == len(commit.rows))
        for row in commit.rows:
            self._true(f"{at}: a revision rises", row.written > row.read, row)
        if totals is None:
            same = all(row.before == row.after for row in commit.rows)
            self._true(f"{at}: a commit without totals changes nothing", same, commit.rows)
        live = totals is not None and totals.state == LIVE
        self._true(
            f"{at}: a live bucket's commit of totals has a sample unless it recomputes, and no other has",
            bool(commit.sample) == live or (live and not commit.rows and commit.run is None),
        )
        if totals and commit.sample:
            sample = (totals.last_time, totals.size, totals.count)
            self._true(f"{at}: the sample is the totals", commit.sample == sample, (commit.sample, sample))
            self._true(f"{at}: the maximum is not below the size", totals.maximum >= totals.size, totals)
        peak = commit.sample.size if commit.sample else None
        self._true(f"{at}: a peak is the sample's size", commit.peak in {None, peak}, (commit.peak, peak))

    def _check_totals(self, bucket: str, commits: list[Attempt]) -> None:
        """Check the totals of one bucket from revision to revision."""
        ordered = sorted(
            ((commit.totals, commit) for commit in commits if commit.totals), key=lambda one: one[0].revision
        )
        if ordered and ordered[0][0].revision == 1:
            first = ordered[0][1]
            self._true(
                f"{bucket}: totals begin empty",
                first.totals == Totals(1, 0, 0, 0, 0, 0, 0, 0, ADOPTING) and not first.rows,
            )
        for (was, earlier), (now, later) in pairwise(ordered):
            at = f"{bucket}, revision {now.revision}"
            self._true(
                f"{at}: one commit writes a revision", was.revision != now.revision, (earlier.id, later.id)
            )
            if now.revision > was.revision + 1:
                self._lacks(bucket, was.revision + 1, now.revision - 1)
            elif now.revision == was.revision + 1:
                self._true(
                    f"{at}: totals are the sum of the rows", follows(later, earlier), (was, now, later.rows)
                )
                self._check_step(at, was, now, later)
        self._check_intervals(bucket, [commit for _, commit in ordered])
        last = self._rest.totals.get(bucket)
        if last and ordered:
            highest = ordered[-1][0]
            if last.revision > highest.revision:
                self._lacks(bucket, highest.revision + 1, last.revision)
            else:
                self._true(f"{bucket}: the Ledger has the last totals", highest == last, (highest, last))

    def _check_intervals(self, bucket: str, commits: list[Attempt]) -> None:
        revisions = [commit.totals.revision for commit in commits if commit.totals]
        if all(later == earlier + 1 for earlier, later in pairwise(revisions)):
            for claim, found in intervals.wrong(commits):
                self._true(f"{bucket}: {claim}", False, found)

    def _lacks(self, bucket: str, first: int, last: int) -> None:
        self._incomplete.append(f"{bucket}: no line tells who wrote the totals' revisions {first} to {last}")

    def _check_step(self, at: str, was: Totals, now: Totals, commit: Attempt) -> None:
        """Check what one commit makes of the totals, beside bytes and objects."""
        counters = (now.created - was.created, now.overwritten - was.overwritten, now.removed - was.removed)
        if now.state == ADOPTING:
            self._true(f"{at}: a live bucket stays live", was.state == ADOPTING)
            unmoved = (*counters, now.maximum - was.maximum, now.last_time - was.last_time)
            self._true(
                f"{at}: nothing but bytes and objects moves while adopting", not any(unmoved), (was, now)
            )
            return
        if was.state == LIVE and commit.sample is None:
            same = now._replace(revision=was.revision) == was
            self._true(f"{at}: a recomputation moves nothing but intervals", same, (was, now))
            return
        self._true(f"{at}: times rise", now.last_time > was.last_time, (was, now))
        self._true(
            f"{at}: the maximum is that of the samples", now.maximum == max(was.maximum, now.size), (was, now)
        )
        self._true(f"{at}: a change is of some key", bool(commit.rows) == (was.state == LIVE), (was, now))
        created, resized, overwritten, removed = _transitions(commit.rows)
        right = counters[0] == created and counters[2] == removed and resized <= counters[1] <= overwritten
        self._true(f"{at}: the counters count the transitions", right, (was, now, commit.rows))

    def _check_row(self, at: str, writes: list[Row]) -> None:
        """Check the writes of one key, in the order of their revisions."""
        for earlier, later in pairwise(writes):
            if earlier.written == later.written:
                self._broken.append(f"{at}: revision {later.written} is written twice")
            elif later.read == earlier.written:
                self._true(
                    f"{at}: a write begins with what the one before it left",
                    later.before == earlier.after,
                    (earlier, later),
                )
            elif later.read < earlier.written and not (later.read == 0 and earlier.after is None):
                # An expired tombstone leaves no row, so the next one begins at 0 again.
                self._broken.append(f"{at}: {later} was written although {earlier} had moved the row")
            elif later.read > earlier.written:
                self._incomplete.append(f"{at}: no line tells who wrote revision {later.read}")

    def _check_peak(self) -> None:
        peaks = [commit.peak for commit in self._commits if commit.peak is not None]
        self._true("a peak is raised, never repeated", len(set(peaks)) == len(peaks), sorted(peaks))
        if self._rest.peak is None:
            return
        samples = [commit.sample.size for commit in self._commits if commit.sample]
        highest = max([*samples, *peaks], default=0)
        self._true("the peak is not below any sample", self._rest.peak >= highest, (self._rest.peak, highest))


def _transitions(rows: Iterable[Row]) -> tuple[int, int, int, int]:
    """Return how many rows are created, resized, possibly overwritten (resized or of the same size), and removed."""
    created = resized = overwritten = removed = 0
    for row in rows:
        created += row.before is None and row.after is not None
        removed += row.before is not None and row.after is None
        overwritten += row.before is not None and row.after is not None
        resized += None not in {row.before, row.after} and row.before != row.after
    return created, resized, overwritten, removed


def _grouped(pairs: Iterable[tuple[K, V]]) -> Mapping[K, list[V]]:
    found: dict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found
