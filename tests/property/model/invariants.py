"""What must hold at every write, and at rest (no message under way, no handler alive). Each invariant has a name."""

from collections.abc import Iterator, Mapping

from size_history.items import State
from size_history.sources import Hearing, Source, Status, status_of
from size_tracking.values import ABSENT, Observation, Transaction
from tests.property.model import questions as ask
from tests.property.model.books import Books, Bucket, rollup_place
from tests.property.model.path import Path, Signal
from tests.rollups import rollups_of

TRUE_LOOK = "each row's observation was true between the read of its revision and its commit"
REVISIONS = "the revisions of a key, and those of totals, rise and are never used again"
TIMES = "the times of a bucket's samples rise"
SUMS = "after every commit totals and prefixes are the sums of the rows"
SAMPLE_SUM = "each sample is the sum of the committed rows at its commit"
SAMPLED = "each change of a live bucket leaves a sample"
PEAK = "the peak is the maximum of all samples"
MAXIMUM = "a bucket's maximum is the maximum of its samples"
LIVE_ONLY = "samples are taken only of a live bucket"
COUNTERS = "created, overwritten and removed count what changed while the bucket was live"
NEWS = "a sample is taken only if something changed, and names it"
ROLLUPS = "each closed interval has the row of its samples, and totals that know the open ones are right"
EARLY = "only closed intervals with a sample have a row"
READ = "a reader tells of each sample once, and of the lowest and highest total"
FILLED = "at rest a bucket of version 0.1 has all its rollups, if they were asked for"
LIMITS = "a transaction touches an item once, and at most 100 of them"
LISTING = "at rest the rows are the listing"
LIVE = "at rest every known bucket is live, and no run is open"
HEARS = "at rest a bucket is live if a check has found its events on, and deaf if it has found them off"
RECOVERS = "at rest no bucket is recovering"
HIDDEN = "no bucket says that it is live while a change from an outage that a check has seen is missing"
ENDS = "with any schedule, everything comes to rest after the last fault and change"


def broken_by(before: Books, after: Books, transaction: Transaction) -> Iterator[str]:
    """Yield the invariants that a committed transaction breaks."""
    old, new = before.of(transaction.bucket), after.of(transaction.bucket)
    yield from _limits(transaction)
    if any(write.revision <= old.stored(write.key).ever for write in transaction.rows):
        yield REVISIONS
    yield from sums_broken(new)
    if new.samples:
        yield from rollups_broken(new)
    if transaction.totals:
        yield from _totals(old, new, transaction)
    if transaction.sample:
        yield from _sample(old, new, transaction)
    yield from peak_broken(after)


def rollups_broken(bucket: Bucket) -> Iterator[str]:
    """Yield ROLLUPS or EARLY if the rollups are not those of the samples; none may be missing if the open ones are known."""
    closed, open_ = rollups_of(bucket.samples)
    known = bucket.totals is not None and bucket.totals.open is not None
    if known and bucket.totals.open != open_:
        yield ROLLUPS
    right = {rollup_place(rollup): rollup for rollup in closed}
    found = {rollup_place(rollup): rollup for rollup in bucket.rollups}
    if any(found.get(place, rollup) != rollup for place, rollup in right.items()):
        yield ROLLUPS
    if known and not set(right) <= set(found):
        yield ROLLUPS
    if not set(found) <= set(right):
        yield EARLY


def unfilled(books: Books) -> Iterator[str]:
    """Yield FILLED if the open intervals of a bucket are still unknown. Known ones are complete, which ROLLUPS says."""
    if any(bucket.totals and bucket.totals.open is None for _, bucket in books.buckets):
        yield FILLED


def told_broken(question: ask.Tell, bucket: Bucket) -> Iterator[str]:
    """Yield READ if a reader's answer is not that of the samples at the moment when it read the totals."""
    known = [sample for sample in bucket.samples if sample.time <= question.last]
    within = [sample for sample in known if question.start <= sample.time < question.end]
    in_force = [*[sample for sample in known if sample.time < question.start][-1:], *within]
    lowest = min(in_force, key=lambda sample: sample.total_size, default=None)
    highest = max(in_force, key=lambda sample: sample.total_size, default=None)
    last = in_force[-1] if in_force else None
    points = [sample and sample.point for sample in (lowest, highest, last)]
    if question.told != (len(within), *points):
        yield READ


def sums_broken(bucket: Bucket) -> Iterator[str]:
    """Yield SUMS if totals or prefixes are not the sums of the rows."""
    weight = bucket.weight()
    totals = bucket.totals
    if totals and (totals.size, totals.count) != weight:
        yield SUMS
    if {prefix: sums for prefix, sums in bucket.prefixes if sums != (0, 0)} != bucket.weight_by_prefix():
        yield SUMS


def peak_broken(books: Books) -> Iterator[str]:
    """Yield PEAK if the peak is not the maximum of the samples."""
    if (books.peak.size if books.peak else None) != books.largest:
        yield PEAK


def rest_broken(
    books: Books, s3: Mapping[tuple[str, str], Observation], path: Path, known: bool
) -> Iterator[str]:
    """Yield the invariants that do not hold at rest; nothing has to hold if no message was ever sent (`known`)."""
    for name, bucket in books.buckets if known else ():
        listing = {key: seen for (owner, key), seen in s3.items() if owner == name and seen.present}
        if path.hears and {key: row.seen for key, row in bucket.present()} != listing:
            yield LISTING
        if bucket.source:
            yield from _path_broken(bucket, bucket.source, path)
        if not bucket.totals or bucket.totals.state is not State.LIVE:
            yield LIVE
        if bucket.run and bucket.run.ended is None:
            yield LIVE
        yield from sums_broken(bucket)
        sample = bucket.sample
        if bucket.samples:
            yield from rollups_broken(bucket)
        if bucket.totals and (not sample or (sample.total_size, sample.object_cnt) != bucket.weight()):
            yield SAMPLED
    yield from peak_broken(books)


def hidden_broken(books: Books, missing: bool, now: int) -> Iterator[str]:
    """Yield HIDDEN if a bucket says live although a change is `missing` from an outage that was seen."""
    for _, bucket in books.buckets:
        if missing and bucket.source and status_of(bucket.totals, bucket.source, now).state is Status.LIVE:
            yield HIDDEN


def _path_broken(bucket: Bucket, source: Source, path: Path) -> Iterator[str]:
    if source.hearing is Hearing.RECOVERING:
        yield RECOVERS
    state = status_of(bucket.totals, source, 0).state
    if path.checked and state is not (Status.DEAF if path.signal is Signal.OFF else Status.LIVE):
        yield HEARS


def _limits(transaction: Transaction) -> Iterator[str]:
    keys = [write.key for write in transaction.rows]
    prefixes = [delta.prefix for delta in transaction.prefixes]
    others = (
        transaction.run,
        transaction.totals,
        transaction.sample,
        transaction.peak,
        transaction.source,
    )
    many = len(keys) + len(prefixes) + len(transaction.rollups) + sum(other is not None for other in others)
    if len(set(keys)) < len(keys) or len(set(prefixes)) < len(prefixes) or many > 100:
        yield LIMITS


def _changed(old: Bucket, new: Bucket) -> dict[str, tuple[Observation, Observation]]:
    """Return the old and new observations of the rows that changed."""
    before = {key: row.row.seen if row.row else ABSENT for key, row in old.rows}
    after = {key: row.row.seen if row.row else ABSENT for key, row in new.rows}
    return {key: (before[key], after[key]) for key in before if before[key] != after[key]}


def _totals(old: Bucket, new: Bucket, transaction: Transaction) -> Iterator[str]:
    before, after = old.totals, transaction.totals
    if before is None or after.revision <= before.revision:
        yield REVISIONS
    if before is None:
        return
    if before.state is State.LIVE and after.state is not State.LIVE:
        yield LIVE_ONLY
    if after.max_size != (max(before.max_size, after.size) if transaction.sample else before.max_size):
        yield MAXIMUM
    kinds = [(was.present, now.present) for was, now in _changed(old, new).values()]
    live = before.state is State.LIVE
    expected = [kinds.count(kind) if live else 0 for kind in ((False, True), (True, True), (True, False))]
    counted = [
        after.created - before.created,
        after.overwritten - before.overwritten,
        after.removed - before.removed,
    ]
    if counted != expected:
        yield COUNTERS


def _sample(old: Bucket, new: Bucket, transaction: Transaction) -> Iterator[str]:
    sample = transaction.sample
    if not new.totals or new.totals.state is not State.LIVE:
        yield LIVE_ONLY
    if (sample.total_size, sample.object_cnt) != new.weight():
        yield SAMPLE_SUM
    if old.sample and sample.time <= old.sample.time:
        yield TIMES
    changed = _changed(old, new)
    if set(sample.changed_keys) != set(changed) or sample.changed_cnt != len(changed):
        yield NEWS
    if not changed and old.sample:
        yield NEWS
