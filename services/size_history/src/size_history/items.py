"""The items of the two tables, as values and as DynamoDB's attribute values (`{"N": "27"}`).

History has exactly the published schema (`bucket_name`, `time`; index by `total_size`) and is only appended to. All
state that changes is in the Ledger. Numbers are always integers, so a total beyond 2**53 bytes is exact.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from itertools import groupby
from typing import Any

from size_history import keys, times
from size_history.rollups import Interval, OpenIntervals, Point, Unit

Item = dict[str, dict[str, Any]]
"""One DynamoDB item in the low-level form that boto3's client takes and returns."""

BUCKET_NAME = "bucket_name"
TIME = "time"
TOTAL_SIZE = "total_size"
OBJECT_CNT = "object_cnt"
SIZE_INDEX = "GSI_SizeByBucket"
"""History's index: partition key `bucket_name`, sort key `total_size`."""
EXPIRY = "expiry"
"""Seconds since 1970 after which DynamoDB may remove a tombstone of the Ledger, or a sample that has such an attribute."""
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


def list_of(numbers: Iterable[int]) -> dict[str, Any]:
    """Return integers as one attribute value."""
    return {"L": [number(each) for each in numbers]}


def ints_in(item: Mapping[str, Any], name: str) -> list[int]:
    """Return an item's list of integers."""
    return [int(each["N"]) for each in item[name]["L"]]


def numbers_of(value: object, names: Iterable[str]) -> Item:
    """Return these integer fields of a value as attributes of the same names."""
    return {name: number(getattr(value, name)) for name in names}


def ints_of(item: Mapping[str, Any], names: Iterable[str]) -> dict[str, int]:
    """Return these integer attributes of an item by name; a missing one is 0."""
    return {name: int_of(item, name) for name in names}


SAMPLE_NUMBERS = (TOTAL_SIZE, OBJECT_CNT, "created_cnt", "overwritten_cnt", "removed_cnt")
"""What a sample says beside its keys and its place in the order of commits."""
_SAMPLE_COUNTERS = ("created_cnt", "overwritten_cnt", "removed_cnt", "revision", "changed_cnt")
_ROLLUP_COUNTERS = ("created_cnt", "overwritten_cnt", "removed_cnt")
_RECOMPUTED_NUMBERS = ("ended", "differing", "asked")
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

    @property
    def point(self) -> Point:
        """The sample without its counters."""
        return Point(self.total_size, self.object_cnt, self.time)

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
class Rollup:
    """A closed interval of a bucket, with its last sample and the cumulative counters at its end."""

    unit: Unit
    interval: Interval
    last: Point
    created_cnt: int = 0
    overwritten_cnt: int = 0
    removed_cnt: int = 0

    @classmethod
    def of(cls, unit: Unit, sample: Sample) -> "Rollup":
        """Return the interval of a sample, with this sample alone."""
        counters = {name: getattr(sample, name) for name in _ROLLUP_COUNTERS}
        interval = Interval.of(unit.start_of(sample.time), sample.point)
        return cls(unit, interval, sample.point, **counters)

    def merged(self, later: "Rollup") -> "Rollup":
        """Return the interval with the samples of a later part of it, too."""
        return replace(later, unit=self.unit, interval=self.interval.merged(later.interval))

    def within(self, unit: Unit) -> "Rollup":
        """Return the part of a coarser interval that this one is."""
        start = unit.start_of(self.interval.start)
        return replace(self, unit=unit, interval=replace(self.interval, start=start))

    def to_item(self, bucket: str) -> Item:
        """Return the rollup row."""
        return {
            **rollup_key(bucket, self.unit, self.interval.start),
            "minimum": list_of(self.interval.minimum.numbers()),
            "maximum": list_of(self.interval.maximum.numbers()),
            "last": list_of(self.last.numbers()),
            "sample_cnt": number(self.interval.sample_cnt),
            **numbers_of(self, _ROLLUP_COUNTERS),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Rollup":
        """Read a rollup row."""
        unit = Unit(keys.unit_of(item[keys.PK]["S"]))
        minimum, maximum, last = (Point(*ints_in(item, name)) for name in ("minimum", "maximum", "last"))
        start = times.from_text(item[keys.SK]["S"])
        interval = Interval(start, minimum, maximum, int_of(item, "sample_cnt"))
        return cls(unit, interval, last, **ints_of(item, _ROLLUP_COUNTERS))


@dataclass(frozen=True, slots=True)
class Totals:
    """A bucket's running totals: bytes, objects, recorded changes, and the maximum size of its samples.

    `open` are the intervals that the last sample belongs to. It is None if they are not known: version 0.1 wrote the
    last sample, and no run over the samples has found them since.
    """

    size: int
    count: int
    created: int
    overwritten: int
    removed: int
    max_size: int
    last_time: int
    revision: int
    state: State
    open: OpenIntervals | None = None

    @property
    def last(self) -> Point:
        """The last sample of a live bucket."""
        return Point(self.size, self.count, self.last_time)

    def open_rollup(self, unit: Unit) -> Rollup:
        """Return the open interval of a unit so far; there is one if `open` has any."""
        interval = dict(zip(Unit, self.open or (), strict=True))[unit]
        return Rollup(unit, interval, self.last, self.created, self.overwritten, self.removed)

    def closed_by(self, time: int) -> tuple[Rollup, ...]:
        """Return the intervals that end before the next sample, whose time is given."""
        if not self.open:
            return ()
        rollups = (self.open_rollup(unit) for unit in Unit)
        return tuple(each for each in rollups if each.interval.start < each.unit.start_of(time))

    def to_item(self, bucket: str) -> Item:
        """Return the totals row of a bucket."""
        item = {
            **totals_key(bucket),
            **numbers_of(self, _TOTALS_NUMBERS),
            "state": text(self.state),
        }
        if self.open is not None:
            item["open"] = {"L": [list_of(interval.numbers()) for interval in self.open]}
        return item

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Totals":
        """Read a totals row."""
        intervals = item["open"]["L"] if "open" in item else None
        open_ = None
        if intervals is not None:
            open_ = tuple(Interval.from_numbers([int(each["N"]) for each in one["L"]]) for one in intervals)
        return cls(**ints_of(item, _TOTALS_NUMBERS), state=State(item["state"]["S"]), open=open_)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """The last recomputation of a bucket's rollups: when it ended, and how many rollups were wrong or missing.

    `asked` is that of its message.
    """

    ended: int
    differing: int
    asked: int = 0

    def to_item(self, bucket: str) -> Item:
        """Return the row as DynamoDB stores it."""
        return {**recomputed_key(bucket), **numbers_of(self, _RECOMPUTED_NUMBERS)}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Recomputed":
        """Read the row."""
        return cls(**ints_of(item, _RECOMPUTED_NUMBERS))


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


def folded(unit: Unit, parts: Iterable[Rollup]) -> list[Rollup]:
    """Return the intervals of a unit that these parts of them make up; all in time order."""
    groups = groupby((part.within(unit) for part in parts), key=lambda part: part.interval.start)
    return [reduce(Rollup.merged, group) for _, group in groups]


def ledger_key(pk: str, sk: str) -> Item:
    """Return the primary key of a Ledger item."""
    return {keys.PK: text(pk), keys.SK: text(sk)}


def object_key(bucket: str, key: str) -> Item:
    """Return the primary key of an object row."""
    return ledger_key(keys.object_pk(bucket, keys.shard(key)), key)


def prefix_key(bucket: str, prefix: str) -> Item:
    """Return the primary key of a prefix row."""
    return ledger_key(keys.prefix_pk(bucket, keys.shard(prefix)), prefix)


def rollup_key(bucket: str, unit: Unit, start: int) -> Item:
    """Return the primary key of the rollup row of an interval, given by its start."""
    return ledger_key(keys.rollup_pk(bucket, unit), times.to_text(start))


def totals_key(bucket: str) -> Item:
    """Return the primary key of a bucket's totals."""
    return ledger_key(bucket, keys.TOTALS)


def reconcile_key(bucket: str) -> Item:
    """Return the primary key of a bucket's reconcile row."""
    return ledger_key(bucket, keys.RECONCILE)


def recomputed_key(bucket: str) -> Item:
    """Return the primary key of the row of the last recomputation of a bucket's rollups."""
    return ledger_key(bucket, keys.ROLLUPS)


def bucket_key(bucket: str) -> Item:
    """Return the primary key of the row that makes a bucket tracked (`sources.Source`)."""
    return ledger_key(keys.EVERY_BUCKET, keys.BUCKET_ROW + bucket)


PEAK_KEY = ledger_key(keys.EVERY_BUCKET, keys.PEAK)
