"""How far it goes, on paper: docs/scale.md, every number computed here from the facts and prices that it lists.

python -m tests.bench.scale
"""

import sys

from infra_cdk.settings import QUEUE_PROFILES, QueueProfile
from size_history import keys
from size_history.items import Sample
from size_tracking.track_plan import CHUNK_KEYS
from tests.bench import facts, prices, report
from tests.bench.adoption import Adoption, reconcile_dollars
from tests.bench.item_size import item_bytes, write_units

PAGE = report.ROOT / "docs" / "scale.md"
ADOPTED = 10_000_000
BURSTS = (1_000, 10_000, 100_000)
MEMORIES = (512, 1024, 1769)
_COMMIT_WINDOW = facts.READ_SECONDS.value + facts.COMMIT_SECONDS.value


def commits_ceiling() -> float:
    """Return the commits a second of one bucket at most: each must read totals after the one before it committed."""
    return 1 / _COMMIT_WINDOW


def keys_per_second(profile: QueueProfile, memory_mib: float = facts.TRACKER_MIB) -> float:
    """Return the keys a second of one bucket under a profile, all batches full and no commit voided."""
    chunk = min(profile.batch_size, CHUNK_KEYS)
    working = profile.concurrency / facts.chunk_seconds(chunk, memory_mib)
    return chunk * min(working, commits_ceiling())


def sample_of(key_bytes: int) -> Sample:
    """Return a sample as large as samples get, with ten keys of this length."""
    key, big = "k" * key_bytes, 10**15
    return Sample("b" * 63, 1, big, big, big, big, big, big, (key,) * 10, CHUNK_KEYS)


def partitions() -> str:
    """Return, for every item that many commits share, how many a second its partition takes."""
    writes, reads = facts.PARTITION_WRITES.value, facts.PARTITION_READS.value
    usual, longest = sample_of(60).to_item(), sample_of(1024).to_item()
    row_keys = keys.SHARDS * writes / facts.TRANSACTION_FACTOR.value
    rows = [
        ("totals", "bucket", f"{writes / facts.TRANSACTION_FACTOR.value:,.0f} commits"),
        (
            f"sample of {item_bytes(usual):,} bytes",
            "bucket",
            f"{writes / write_units(usual, facts.TRANSACTION_FACTOR.value):,.0f} commits",
        ),
        (
            f"sample of {item_bytes(longest):,} bytes (ten keys of 1,024 bytes)",
            "bucket",
            f"{writes / write_units(longest, facts.TRANSACTION_FACTOR.value):,.0f} commits",
        ),
        (
            f"that sample in the index, {item_bytes(longest):,} bytes",
            "bucket",
            f"{writes / write_units(longest, facts.INDEX_FACTOR.value):,.0f} commits",
        ),
        (
            "prefix that every commit changes",
            "bucket",
            f"{writes / facts.TRANSACTION_FACTOR.value:,.0f} commits",
        ),
        (f"object rows, in {keys.SHARDS} shards", "bucket", f"{row_keys:,.0f} keys"),
        ("peak, read by every chunk", "table", f"{reads:,.0f} chunks of all buckets"),
        (
            "peak, while every commit raises it",
            "table",
            f"{writes / facts.TRANSACTION_FACTOR.value:,.0f} commits",
        ),
    ]
    lines = ["| item | shared by one | at most, per second |", "|---|---|---:|"]
    return "\n".join(lines + [f"| {item} | {scope} | {most} |" for item, scope, most in rows])


def rates() -> str:
    """Return the keys a second by profile and memory."""
    memories = " | ".join(f"keys/s at {memory:,} MiB" for memory in MEMORIES)
    lines = [
        f"| profile | commits/s without a conflict | commits/s at most | {memories} |",
        "|---|---:|---:|" + "---:|" * len(MEMORIES),
    ]
    for name, profile in QUEUE_PROFILES.items():
        working = profile.concurrency / facts.chunk_seconds(profile.batch_size)
        at = " | ".join(f"{keys_per_second(profile, memory):,.0f}" for memory in MEMORIES)
        lines.append(f"| {name} | {working:,.1f} | {commits_ceiling():,.0f} | {at} |")
    return "\n".join(lines)


def lags() -> str:
    """Return how far the history lags behind, by profile."""
    bursts = " | ".join(f"last of {burst:,} at once" for burst in BURSTS)
    lines = [f"| profile | an event alone | {bursts} |", "|---|---:|" + "---:|" * len(BURSTS)]
    for name, profile in QUEUE_PROFILES.items():
        alone = profile.window_seconds + facts.chunk_seconds(1)
        rate = keys_per_second(profile)
        last = " | ".join(f"{profile.window_seconds + burst / rate:,.1f} s" for burst in BURSTS)
        lines.append(f"| {name} | {alone:.2f} s | {last} |")
    return "\n".join(lines)


def adoption() -> str:
    """Return what adopting a large bucket takes, in time and dollars."""
    lines = [
        "| memory | a step of 1,000 keys | all of them | " + " | ".join(Adoption.SERVICES) + " | sum |",
        "|---:|---:|---:|" + "---:|" * (len(Adoption.SERVICES) + 1),
    ]
    for memory in MEMORIES:
        run = Adoption(ADOPTED, memory)
        bill = run.dollars()
        lines.append(
            f"| {memory:,} MiB | {run.step_seconds():.1f} s | {run.seconds() / 3600:.1f} h | "
            + " | ".join(f"{bill[service]:,.2f}" for service in Adoption.SERVICES)
            + f" | **{sum(bill.values()):,.2f}** |"
        )
    return "\n".join(lines)


def page(benchmarks: str) -> str:
    """Return docs/scale.md; `benchmarks` is the text of docs/benchmarks.md, whose contention figures it quotes."""
    measured = report.section_of(benchmarks, "contention") or "Not measured yet: `make bench`."
    default, high = (QUEUE_PROFILES[name] for name in ("default", "high-volume"))
    longest = facts.LAMBDA_LONGEST.value / facts.LIST_SECONDS.value * facts.LIST_PAGE.value
    return _PAGE.format(
        window=f"{1000 * _COMMIT_WINDOW:.0f}",
        ceiling=f"{commits_ceiling():,.0f}",
        ten=f"{commits_ceiling() * default.batch_size:,.0f}",
        most=f"{commits_ceiling() * high.batch_size:,.0f}",
        default=f"{keys_per_second(default):,.0f}",
        high=f"{keys_per_second(high):,.0f}",
        rates=rates(),
        partitions=partitions(),
        contention="\n".join(measured.splitlines()[1:]).strip(),
        lags=lags(),
        adopted=f"{ADOPTED:,}",
        adoption=adoption(),
        daily=f"{reconcile_dollars(ADOPTED):.2f}",
        more=f"{keys_per_second(high, 1769) / keys_per_second(high):.1f}",
        lister=f"{longest:,.0f}",
        aws=facts.table(facts.AWS),
        ours=facts.table(facts.OURS),
        prices=prices.table(),
        region=prices.REGION,
        checked=prices.CHECKED[0].upper() + prices.CHECKED[1:],
    )


_PAGE = """# How far it goes

Generated: `python -m tests.bench.scale` writes this page, and a test fails where it is stale. Every number is computed from
the constants at its end; change one there (`tests/bench/facts.py`, `tests/bench/prices.py`), not here. Nothing of it was
measured on AWS. What was measured, on the local engine, is in [benchmarks.md](benchmarks.md).

## Keys a second of one bucket

All commits of a bucket meet at its totals. Between reading them and committing lie {window} ms, and of the commits that
overlap one goes through: at most {ceiling} commits a second, which is {ten} keys a second in batches of 10 and {most} in batches
of 48. Two trackers, as deployed, reach {default} (default profile) and {high} (high-volume):

{rates}

A commit that was voided costs a second read of totals and peak and a second commit, whose write units AWS bills again; never a
HEAD. Buckets do not slow one another down: they share only the peak, which is written where it rises.

## Partitions

{partitions}

The totals' window binds before any of them. Only a bucket whose keys are all near 1,024 bytes comes close to a partition's limit,
since each of its samples names ten of them. DynamoDB splits a partition key's items by sort key where they are many, so the rows' limit is
a floor; a single item's is not.

## Conflicts at the totals, measured

{contention}

## Lag

From a message in the queue to its sample, on one bucket, distinct keys; what S3, EventBridge and SQS take to deliver comes on
top. Events of one key within a batch are one key.

{lags}

## Adopting {adopted} objects

Steps follow one another, a page each; every key is HEADed and written once. Events that come meanwhile are applied, not
refused. Dollars, {region}:

{adoption}

Where nothing differs, the daily reconcile of as many objects reads rows and listing and costs {daily} dollars of requests. It
reads the tombstones of the last 30 days' deletions, too: as many rows more, and no listing.

## What to change beyond

1. **Memory.** The tracker's processor time is botocore's, and 512 MiB bring less than a third of a processor: 1,769 MiB take
   the high-volume profile to {more} times its keys a second. The computing costs the same GB-seconds then, the waiting more.
2. **The profile.** `high-volume` makes the chunk five times as large for the same number of commits, and adds its window to every event's lag.
3. **Concurrency stays at 2** for one busy bucket: more trackers void more of each other's commits (measured above). It is worth
   raising for many buckets.
4. **A bucket beyond the ceiling** wants its totals split: N totals rows by the key's shard, each with its own chain of samples, and a
   reader that adds them up. That multiplies the ceiling by N and gives up one thing: a sample then is no sum of one commit, so the recorded
   maximum would be of sums over rows read at different moments. It is not built.
5. **Adoption in parallel**: the listing cut at key ranges, one run each. It is not built either; steps are one chain today.

A tracker that lists the bucket at each event ends at about {lister} objects whatever is changed: beyond, one listing is longer than
an invocation.

## Constants

Of AWS:

{aws}

Of this product:

{ours}

Prices, {region}, by the price lists named. {checked}:

{prices}
"""


def write() -> None:
    """Write docs/scale.md."""
    benchmarks = report.BENCHMARKS.read_text() if report.BENCHMARKS.exists() else ""
    PAGE.write_text(page(benchmarks))


if __name__ == "__main__":
    write()
    print(f"wrote {PAGE.relative_to(report.ROOT)}", file=sys.stderr)
