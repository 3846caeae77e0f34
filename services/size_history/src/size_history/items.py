"""The items of the two tables, as values and as DynamoDB's attribute values (`{"N": "27"}`).

History has exactly the published schema (`bucket_name`, `time`; index by `total_size`); whatever changes lives
in the Ledger. Numbers stay integers all the way: a total beyond 2**53 bytes is exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from size_history import keys, times

Item = dict[str, dict[str, Any]]
"""One DynamoDB item in the low-level form that boto3's client takes and returns."""

BUCKET_NAME = "bucket_name"
TIME = "time"
TOTAL_SIZE = "total_size"
OBJECT_CNT = "object_cnt"
SIZE_INDEX = "GSI_SizeByBucket"
"""History's index: partition key `bucket_name`, sort key `total_size`."""
EXPIRY = "expiry"
"""Seconds since 1970 after which DynamoDB may remove a tombstone of the Ledger."""
MAX_CHANGED_KEYS = 10
"""How many of the changed keys a sample names; `changed_cnt` counts them all."""


def text(value: str) -> dict[str, Any]:
    """Return a string as an attribute value."""
    return {"S": value}


def number(value: int) -> dict[str, Any]:
    """Return an integer as an attribute value."""
    return {"N": str(value)}


def int_of(item: Mapping[str, Any], name: str, default: int = 0) -> int:
    """Return an item's integer attribute, or the default where it is missing."""
    return int(item[name]["N"]) if name in item else default


class State(StrEnum):
    """Whether a bucket's totals are complete."""

    ADOPTING = "adopting"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of History: what a bucket weighed from `time` (microseconds since 1970, UTC) on.

    `total_size` is in bytes; the three counters are cumulative since the bucket is tracked.
    """

    bucket: str
    time: int
    total_size: int
    object_cnt: int
    created_cnt: int = 0
    overwritten_cnt: int = 0
    removed_cnt: int = 0
    revision: int = 0
    changed_keys: tuple[str, ...] = ()
    changed_cnt: int = 0

    def to_item(self) -> Item:
        """Return the row as DynamoDB stores it."""
        return {
            BUCKET_NAME: text(self.bucket),
            TIME: text(times.to_text(self.time)),
            TOTAL_SIZE: number(self.total_size),
            OBJECT_CNT: number(self.object_cnt),
            "created_cnt": number(self.created_cnt),
            "overwritten_cnt": number(self.overwritten_cnt),
            "removed_cnt": number(self.removed_cnt),
            "revision": number(self.revision),
            "changed_keys": {"L": [text(key) for key in self.changed_keys]},
            "changed_cnt": number(self.changed_cnt),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Sample":
        """Read a row. The counters default to 0, so that a row projected by the index reads too."""
        return cls(
            bucket=item[BUCKET_NAME]["S"],
            time=times.from_text(item[TIME]["S"]),
            total_size=int_of(item, TOTAL_SIZE),
            object_cnt=int_of(item, OBJECT_CNT),
            created_cnt=int_of(item, "created_cnt"),
            overwritten_cnt=int_of(item, "overwritten_cnt"),
            removed_cnt=int_of(item, "removed_cnt"),
            revision=int_of(item, "revision"),
            changed_keys=tuple(key["S"] for key in item.get("changed_keys", {}).get("L", [])),
            changed_cnt=int_of(item, "changed_cnt"),
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """A bucket's running totals: bytes, objects, recorded transitions and the largest total of any sample."""

    size: int
    count: int
    created: int
    overwritten: int
    removed: int
    max_size: int
    last_time: int
    revision: int
    state: State

    def to_item(self, bucket: str) -> Item:
        """Return the totals row of a bucket."""
        return {
            **totals_key(bucket),
            "size": number(self.size),
            "count": number(self.count),
            "created": number(self.created),
            "overwritten": number(self.overwritten),
            "removed": number(self.removed),
            "max_size": number(self.max_size),
            "last_time": number(self.last_time),
            "revision": number(self.revision),
            "state": text(self.state),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Totals":
        """Read a totals row."""
        return cls(
            size=int_of(item, "size"),
            count=int_of(item, "count"),
            created=int_of(item, "created"),
            overwritten=int_of(item, "overwritten"),
            removed=int_of(item, "removed"),
            max_size=int_of(item, "max_size"),
            last_time=int_of(item, "last_time"),
            revision=int_of(item, "revision"),
            state=State(item["state"]["S"]),
        )


@dataclass(frozen=True, slots=True)
class Peak:
    """The largest total recorded for any bucket: bytes, whose, and when."""

    size: int
    bucket: str
    time: int

    def to_item(self) -> Item:
        """Return the one peak row."""
        return {
            **PEAK_KEY,
            "size": number(self.size),
            BUCKET_NAME: text(self.bucket),
            TIME: text(times.to_text(self.time)),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Peak":
        """Read the peak row."""
        return cls(
            size=int_of(item, "size"), bucket=item[BUCKET_NAME]["S"], time=times.from_text(item[TIME]["S"])
        )


def ledger_key(pk: str, sk: str) -> Item:
    """Return the primary key of a Ledger item."""
    return {keys.PK: text(pk), keys.SK: text(sk)}


def object_key(bucket: str, key: str) -> Item:
    """Return the primary key of an object row."""
    return ledger_key(keys.object_pk(bucket, keys.shard(key)), key)


def prefix_key(bucket: str, prefix: str) -> Item:
    """Return the primary key of a prefix row."""
    return ledger_key(keys.prefix_pk(bucket, keys.shard(prefix)), prefix)


def totals_key(bucket: str) -> Item:
    """Return the primary key of a bucket's totals."""
    return ledger_key(bucket, keys.TOTALS)


def reconcile_key(bucket: str) -> Item:
    """Return the primary key of a bucket's reconcile row."""
    return ledger_key(bucket, keys.RECONCILE)


def bucket_key(bucket: str) -> Item:
    """Return the primary key of the row that says a bucket is tracked."""
    return ledger_key(keys.EVERY_BUCKET, keys.BUCKET_ROW + bucket)


PEAK_KEY = ledger_key(keys.EVERY_BUCKET, keys.PEAK)
