"""What must hold: at every write, and at rest (no message under way, no handler alive). Each has a name."""

from collections.abc import Iterator, Mapping

from size_history.items import State, Totals
from size_tracking.values import Observation, Transaction
from tests.property.model.books import Books, Bucket

TRUE_LOOK = "each row's observation was true between the read of its revision and its commit"
REVISIONS = "the revisions of a key, and those of totals, rise and are never used again"
TIMES = "the times of a bucket's samples rise"
SUMS = "after every commit totals and prefixes are the sums of the rows"
SAMPLE_SUM = "each sample is the sum of the committed rows at its commit"
SAMPLED = "each change of a live bucket leaves a sample"
PEAK = "the peak is the maximum of all samples"
MAXIMUM = "a bucket's maximum is the maximum of its samples"
LIVE_ONLY = "samples are taken only of a live bucket"
COUNTERS = "objects created less objects removed is the change of their number"
LIMITS = "a transaction touches an item once, and at most 100 of them"
LISTING = "at rest the rows are the listing"
LIVE = "at rest every bucket that was asked about is live, and no run is open"
ENDS = "whatever the schedule, once faults and changes cease everything comes to rest"


def broken_by(before: Books, after: Books, transaction: Transaction) -> Iterator[str]:
    """Yield the names of what a committed transaction breaks."""
    old, new = before.of(transaction.bucket), after.of(transaction.bucket)
    yield from _limits(transaction)
    if any(write.revision <= old.stored(write.key).ever for write in transaction.rows):
        yield REVISIONS
    yield from sums_broken(new)
    if transaction.totals:
        yield from _totals(old.totals, transaction.totals, transaction)
    if transaction.sample:
        yield from _sample(old, new, transaction)
    yield from peak_broken(after)


def sums_broken(bucket: Bucket) -> Iterator[str]:
    """Yield whether totals and prefixes are not the sums of the rows."""
    weight = bucket.weight()
    totals = bucket.totals
    if totals and (totals.size, totals.count) != weight:
        yield SUMS
    if {prefix: sums for prefix, sums in bucket.prefixes if sums != (0, 0)} != bucket.weight_by_prefix():
        yield SUMS


def peak_broken(books: Books) -> Iterator[str]:
    """Yield whether the peak is something else than the largest sample."""
    if (books.peak.size if books.peak else None) != books.largest:
        yield PEAK


def rest_broken(books: Books, s3: Mapping[tuple[str, str], Observation], asked: bool) -> Iterator[str]:
    """Yield what does not hold at rest; `asked` says whether any message was ever sent."""
    for name, bucket in books.buckets:
        listing = {key: seen for (owner, key), seen in s3.items() if owner == name and seen.present}
        if not asked:
            continue
        if {key: row.seen for key, row in bucket.present()} != listing:
            yield LISTING
        if not bucket.totals or bucket.totals.state is not State.LIVE:
            yield LIVE
        if bucket.run and bucket.run.ended is None:
            yield LIVE
        yield from sums_broken(bucket)
        sample = bucket.sample
        if bucket.totals and (not sample or (sample.total_size, sample.object_cnt) != bucket.weight()):
            yield SAMPLED
    yield from peak_broken(books)


def _limits(transaction: Transaction) -> Iterator[str]:
    keys = [write.key for write in transaction.rows]
    prefixes = [delta.prefix for delta in transaction.prefixes]
    others = (transaction.run, transaction.totals, transaction.sample, transaction.peak)
    many = len(keys) + len(prefixes) + sum(other is not None for other in others)
    if len(set(keys)) < len(keys) or len(set(prefixes)) < len(prefixes) or many > 100:
        yield LIMITS


def _totals(old: Totals | None, new: Totals, transaction: Transaction) -> Iterator[str]:
    if old is None or new.revision <= old.revision:
        yield REVISIONS
    if old is None:
        return
    if old.state is State.LIVE and new.state is not State.LIVE:
        yield LIVE_ONLY
    created = new.created - old.created - (new.removed - old.removed)
    if created != (new.count - old.count if old.state is State.LIVE else 0):
        yield COUNTERS
    if new.max_size != (max(old.max_size, new.size) if transaction.sample else old.max_size):
        yield MAXIMUM


def _sample(old: Bucket, new: Bucket, transaction: Transaction) -> Iterator[str]:
    sample = transaction.sample
    if not new.totals or new.totals.state is not State.LIVE:
        yield LIVE_ONLY
    if (sample.total_size, sample.object_cnt) != new.weight():
        yield SAMPLE_SUM
    if old.sample and sample.time <= old.sample.time:
        yield TIMES
