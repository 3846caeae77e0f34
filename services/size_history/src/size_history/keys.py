"""Where each item lives in the Ledger: partition keys, sort keys, shards and prefixes.

The Ledger's key is (`pk`, `sk`), both strings. The maximum length of an S3 key is that of a DynamoDB sort key (1,024
bytes, both AWS limits), so the sort key of an object row is the S3 key itself and everything else is in `pk`.
"""

import re
from hashlib import blake2b

PK = "pk"
SK = "sk"

EVERY_BUCKET = "*"
"""The partition of the items that concern all buckets: the peak, and one row per tracked bucket."""
PEAK = "peak"
TOTALS = "totals"
RECONCILE = "reconcile"
ROLLUPS = "rollups"
BUCKET_ROW = "bucket/"

VALID_BUCKET_NAME = re.compile(r"[A-Za-z0-9._-]{3,255}")
"""The names of buckets that exist; use `fullmatch`. This is the only rule for bucket names in this project.

New buckets have stricter names, but us-east-1 admitted all of these until 2018 and such buckets live on. The characters
that structure a Ledger key (`#`, `/`, `*`) are not among them, so two buckets never share a row.
"""
MAX_KEY_BYTES = 1024
"""The maximum length of an S3 key and of a sort key (AWS limits)."""
SHARDS = 16
"""Number of partitions over which a bucket's rows are spread. A change of it orphans every row written before."""
NO_PREFIX = "."
"""The prefix row of objects whose key has no `/`. Every other prefix ends in `/`."""


def shard(text: str) -> str:
    """Return the shard of a key or prefix: two hexadecimal digits that never change."""
    digest = blake2b(text.encode()).digest()
    return f"{int.from_bytes(digest) % SHARDS:02x}"


def all_shards() -> list[str]:
    """Return every shard, in order."""
    return [f"{number:02x}" for number in range(SHARDS)]


def object_pk(bucket: str, shard_: str) -> str:
    """Return the partition of a bucket's object rows in one shard."""
    return f"{bucket}#object#{shard_}"


def prefix_pk(bucket: str, shard_: str) -> str:
    """Return the partition of a bucket's prefix rows in one shard."""
    return f"{bucket}#prefix#{shard_}"


def rollup_pk(bucket: str, unit: str) -> str:
    """Return the partition of a bucket's rollup rows of one unit; their sort key is the interval's start."""
    return f"{bucket}#rollup#{unit}"


def unit_of(pk: str) -> str:
    """Return the unit of a partition that `rollup_pk` named."""
    return pk.rpartition("#")[2]


def prefix_of(key: str) -> str:
    """Return the first-level prefix of an S3 key: its first segment with the `/`, or `.` if it has no `/`."""
    head, slash, _ = key.partition("/")
    return head + slash if slash else NO_PREFIX
