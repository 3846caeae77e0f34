"""The items of the two tables, as values and as DynamoDB's attribute values (`{"N": "27"}`).

History has exactly the published schema (`bucket_name`, `time`; index by `total_size`) and is only appended to. All
state that changes is in the Ledger. Numbers are always integers, so a total beyond 2**53 bytes is exact.
"""

from collections.abc import Iterable, Mapping
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
"""Maximum number of changed keys that a sample names; `changed_cnt` counts them all."""


def text(value: str) -> dict[str, Any]:
    """Return a string as an attribute value."""
    return {"S": value}


def number(value: int) -> dict[str, Any]:
    """Return an integer as an attribute value."""
    return {"N": str(value)}


def int_of(item: Mapping[str, Any], name: str, default: int = 0) -> int:
    """Return an item's integer attribute, or the default if it is missing."""
    return int(item[name]["N"]) if name in item else default


def numbers_of(value: object, names: Iterable[str]) -> Item:
    """Return these integer fields of a value as attributes of the same names."""
    return {name: number(getattr(value, name)) for name in names}


def ints_of(item: Mapping[str, Any], names: Iterable[str]) -> dict[str, int]:
    """Return these integer attributes of an item by name; a missing one is 0."""
    return {name: int_of(item, name) for name in names}


_SAMPLE_COUNTERS = ("created_cnt", "overwritten_cnt", "removed_cnt", "revision", "changed_cnt")
_TOTALS_NUMBERS = ("size", "count", "created", "overwritten", "removed", "max_size", "last_time", "revision")


class State(StrEnum):
    """Whether a bucket's totals are complete."""

    ADOPTING = "adopting"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of History: the bytes (`total_size`) and objects of a bucket from `time` (microseconds since 1970) on.

    The counters `created_cnt`, `overwritten_cnt` and `removed_cnt` are cumulative since the bucket's baseline.
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
            **numbers_of(self, _SAMPLE_COUNTERS),
            "changed_keys": {"L": [text(key) for key in self.changed_keys]},
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Sample":
        """Read a row. Missing counters are 0."""
        return cls(
            bucket=item[BUCKET_NAME]["S"],
            time=times.from_text(item[TIME]["S"]),
            total_size=int_of(item, TOTAL_SIZE),
            object_cnt=int_of(item, OBJECT_CNT),
            changed_keys=tuple(key["S"] for key in item.get("changed_keys", {}).get("L", [])),
            **ints_of(item, _SAMPLE_COUNTERS),
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """A bucket's running totals: bytes, objects, recorded changes, and the maximum size of its samples."""

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
            **numbers_of(self, _TOTALS_NUMBERS),
            "state": text(self.state),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Totals":
        """Read a totals row."""
        return cls(**ints_of(item, _TOTALS_NUMBERS), state=State(item["state"]["S"]))


@dataclass(frozen=True, slots=True)
class Peak:
    """The maximum size recorded for any bucket: bytes, the bucket, and the time of its sample."""

    size: int
    bucket: str
    time: int

    def to_item(self) -> Item:
        """Return the peak row; there is one for all buckets."""
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
    """Return the primary key of the row that makes a bucket tracked (`sources.Source`)."""
    return ledger_key(keys.EVERY_BUCKET, keys.BUCKET_ROW + bucket)


PEAK_KEY = ledger_key(keys.EVERY_BUCKET, keys.PEAK)
