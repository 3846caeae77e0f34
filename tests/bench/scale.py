"""Computes docs/scale.md, the limits of the design, from the facts and prices that the page lists.

python -m tests.bench.scale
"""

import sys
from collections.abc import Sequence

from infra_cdk.settings import QUEUE_PROFILES, QueueProfile
from size_history import keys
from size_history.items import Sample
from tests.bench import facts, prices, report
from tests.bench.adoption import Adoption, reconcile_dollars
from tests.bench.item_size import item_bytes, write_units

PAGE = report.ROOT / "docs" / "scale.md"
ADOPTED = 10_000_000
BURSTS = (1_000, 10_000, 100_000)
MEMORIES = (512, 1024, 1769)
_COMMIT_WINDOW = facts.READ_SECONDS.value + facts.COMMIT_SECONDS.value


def commits_ceiling() -> float:
    """Return the maximum commits per second of one bucket: each reads totals after the previous one has committed."""
    return 1 / _COMMIT_WINDOW


def keys_per_second(profile: QueueProfile, memory_mib: float = facts.TRACKER_MIB) -> float:
    """Return the keys per second of one bucket under a profile, with full batches and without conflicts."""
    chunk = min(profile.batch_size, facts.CHUNK_KEYS)
    working = profile.concurrency / facts.chunk_seconds(chunk, memory_mib)
    return chunk * min(working, commits_ceiling())


def sample_of(key_bytes: int) -> Sample:
    """Return a sample of the maximum size, with ten keys of this length."""
    key, big = "k" * key_bytes, 10**15
    return Sample("b" * 63, 1, big, big, big, big, big, big, (key,) * 10, facts.CHUNK_KEYS)


def partitions() -> str:
    """Return the maximum rate of every item that many commits share."""
    writes, reads = facts.PARTITION_WRITES.value, facts.PARTITION_READS.value
    twice, once = facts.TRANSACTION_FACTOR.value, facts.INDEX_FACTOR.value
    usual, largest = sample_of(60).to_item(), sample_of(1024).to_item()
    name = f"sample of {item_bytes(largest):,} bytes (ten keys of 1,024 bytes)"
    rows = [
        ("totals", "bucket", writes / twice, "commits"),
        (f"sample of {item_bytes(usual):,} bytes", "bucket", writes / write_units(usual, twice), "commits"),
        (name, "bucket", writes / write_units(largest, twice), "commits"),
        ("the same sample in the index", "bucket", writes / write_units(largest, once), "commits"),
        ("prefix that every commit changes", "bucket", writes / twice, "commits"),
        (f"object rows, in {keys.SHARDS} shards", "bucket", keys.SHARDS * writes / twice, "keys"),
        ("peak, which every chunk reads", "table", reads, "chunks of all buckets"),
        ("peak, while every commit raises it", "table", writes / twice, "commits"),
    ]
    return report.table(
        ("item", "shared per", "maximum per second:"),
        ((item, scope, f"{rate:,.0f} {unit}") for item, scope, rate, unit in rows),
    )


def rates() -> str:
    """Return the keys per second by profile and memory."""
    rows = [
        (
            name,
            f"{profile.concurrency / facts.chunk_seconds(profile.batch_size):,.1f}",
            f"{commits_ceiling():,.0f}",
            *(f"{keys_per_second(profile, memory):,.0f}" for memory in MEMORIES),
        )
        for name, profile in QUEUE_PROFILES.items()
    ]
    memories = (f"keys/s at {memory:,} MiB:" for memory in MEMORIES)
    return report.table(("profile", "commits/s without conflicts:", "maximum commits/s:", *memories), rows)


def lags() -> str:
    """Return the lag of the history by profile."""
    rows: list[Sequence[str]] = []
    for name, profile in QUEUE_PROFILES.items():
        window, rate = profile.window_seconds, keys_per_second(profile)
        last = (f"{window + burst / rate:,.1f} s" for burst in BURSTS)
        rows.append((name, f"{window + facts.chunk_seconds(1):.2f} s", *last))
    bursts = (f"the last of {burst:,} simultaneous events:" for burst in BURSTS)
    return report.table(("profile", "a single event:", *bursts), rows)


def adoption() -> str:
    """Return the time and the dollars of adopting a large bucket."""
    rows: list[Sequence[str]] = []
    for memory in MEMORIES:
        run = Adoption(ADOPTED, memory)
        bill = run.dollars()
        times = (f"{memory:,} MiB", f"{run.step_seconds():.1f} s", f"{run.seconds() / 3600:.1f} h")
        dollars = (f"{bill[service]:,.2f}" for service in Adoption.SERVICES)
        rows.append((*times, *dollars, f"**{sum(bill.values()):,.2f}**"))
    services = (f"{service}:" for service in (*Adoption.SERVICES, "sum"))
    return report.table(("memory:", "a step of 1,000 keys:", "all steps:", *services), rows)


def page(benchmarks: str) -> str:
    """Return docs/scale.md. It quotes the contention figures from `benchmarks`, the text of docs/benchmarks.md."""
    measured = report.section_of(benchmarks, "contention") or "\nNot measured yet: `make bench`."
    contention = measured.partition("\n")[2].strip()
    default, high = (QUEUE_PROFILES[name] for name in ("default", "high-volume"))
    listed = facts.MAX_INVOCATION.value / facts.LIST_SECONDS.value * facts.LIST_PAGE.value
    return f"""# How far it goes

`python -m tests.bench.scale` generates this page, and a test fails if it is out of date. Every number is computed from the constants
at the end. Change a constant in `tests/bench/facts.py` or `tests/bench/prices.py`, not here. Nothing on this page was measured on
AWS. The conflicts were measured on the local engine, like everything in [benchmarks.md](benchmarks.md).

## Keys per second of one bucket

All commits of a bucket write its totals. A commit takes {1000 * _COMMIT_WINDOW:.0f} ms from reading the totals to committing, and only one of several
overlapping commits succeeds. So a bucket can have {commits_ceiling():,.0f} commits per second: {commits_ceiling() * default.batch_size:,.0f} keys per second in batches of 10, and {commits_ceiling() * high.batch_size:,.0f} in
batches of 48. Two trackers, as deployed, reach {keys_per_second(default):,.0f} (default profile) and {keys_per_second(high):,.0f} (high-volume):

{rates()}

A commit that conflicts reads totals and peak again and commits again, and AWS bills its write units twice. It never repeats a HEAD.
Buckets do not slow one another down. They share only the peak, which is written when it rises.

## Partitions

{partitions()}

The window of the totals is the first limit. Only a bucket whose keys are all near 1,024 bytes comes close to the limit of a
partition, because each of its samples names ten of them. DynamoDB can split a partition key with many items by sort key, so the
limit of the object rows is a minimum. It cannot split a single item.

## Conflicts at the totals, measured

{contention}

## Lag

The time from a message in the queue to its sample, for distinct keys of one bucket. S3, EventBridge and SQS add their time of
delivery. Several events of one key in a batch count as one key.

{lags()}

## Adopting {ADOPTED:,} objects

One step follows another, and each handles one page. Every key costs one HEAD and one write. Tidemark applies events that arrive
meanwhile. Dollars, {prices.REGION}:

{adoption()}

If nothing differs, the daily reconcile of this many objects reads the rows and the listing, and its requests cost {reconcile_dollars(ADOPTED):.2f} dollars. It
also reads the tombstones of objects that were deleted in the last 30 days.

## What to change beyond these limits

1. **Memory.** botocore takes most of the tracker's processor time, and 512 MiB come with less than a third of a processor. With
   1,769 MiB the high-volume profile reaches {keys_per_second(high, 1769) / keys_per_second(high):.1f} times its keys per second. Computing then costs the same GB-seconds, waiting costs more.
2. **The profile.** `high-volume` makes a chunk five times as large for the same number of commits, and adds its window to the lag of
   every event.
3. **Concurrency stays at 2** for one busy bucket, because more trackers cause more conflicts (measured above). Raise it for many buckets.
4. **A bucket beyond the ceiling** needs several totals: N rows by the shard of the key, each with its own chain of samples, and a
   reader that adds them up. That multiplies the ceiling by N. But a sample is then no longer the sum of one commit, so the recorded
   maximum would add rows that were read at different moments. This is not built.
5. **Adoption in parallel**: cut the listing into key ranges, with one run each. This is not built either; today the steps form one chain.

A tracker that lists the bucket at each event fails at about {listed:,.0f} objects, because one listing then takes longer than an invocation may last.

## Constants

Of AWS:

{facts.table(facts.AWS)}

Of Tidemark:

{facts.table(facts.OURS)}

Prices, {prices.REGION}, {prices.CHECKED}:

{prices.table()}
"""


def write() -> None:
    """Write docs/scale.md."""
    benchmarks = report.BENCHMARKS.read_text() if report.BENCHMARKS.exists() else ""
    PAGE.write_text(page(benchmarks))


if __name__ == "__main__":
    write()
    print(f"wrote {PAGE.relative_to(report.ROOT)}", file=sys.stderr)
