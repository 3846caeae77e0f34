"""The values of the accounting: what S3 said, what the Ledger holds, and what to commit."""

from dataclasses import dataclass, field
from enum import Enum, auto

from size_history.items import Peak, Rollup, Sample, Totals
from size_history.sources import Source

MAX_ITEMS = 100
"""Maximum number of items of a transaction, and of keys of a BatchGetItem (AWS limits)."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What S3 said about one key: the size of its object in bytes, or None if there is no object.

    `etag`, `last_modified` (ISO-8601, seconds) and `version_id` tell two objects of the same size apart. A `listed` one
    comes from a listing, which tells no version and may tell another time than a HEAD.
    """

    size: int | None = None
    etag: str = ""
    last_modified: str = ""
    version_id: str = ""
    listed: bool = False

    @property
    def present(self) -> bool:
        """Return whether there was an object."""
        return self.size is not None

    def same_as(self, other: "Observation") -> bool:
        """Return whether both show the same object, as far as both tell."""
        if (self.size, self.etag) != (other.size, other.etag):
            return False
        if self.listed != other.listed:
            return True
        return (self.last_modified, self.version_id) == (other.last_modified, other.version_id)


ABSENT = Observation()


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """The Ledger's row of one key: the last committed observation, and its revision (0: there is no row)."""

    revision: int = 0
    seen: Observation = ABSENT


@dataclass(frozen=True, slots=True)
class RowWrite:
    """Put `seen` and `revision`, if the row's revision is still `read_revision`; `size_before` is for the trace only."""

    key: str
    read_revision: int
    revision: int
    seen: Observation
    size_before: int | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class PrefixDelta:
    """Add these bytes and objects to a prefix row."""

    prefix: str
    size: int
    count: int


@dataclass(frozen=True, slots=True)
class Run:
    """The progress of a bucket's reconcile; every change raises `revision`.

    The next step covers the keys after `cursor`; the step before it began after `previous`. `announced` means that the
    message of the next step is known to be sent. Times are microseconds since 1970: `moved` is the last progress, and
    `ended` is None while the run goes on. `again` asks for one more pass after this one, because a request came when
    this pass had begun; `started` is when the last pass began. `checked` keys were compared and `healed` of them
    corrected; `drift` sums the absolute corrections in bytes. S3 refused to show `refused` keys. `settled` says whether
    the bucket was live and heard when the run began: then events should have told of `missed` keys, which had not
    changed for a while. `healed`, `drift` and `missed` are lower bounds: a step that dies, or that another delivery of
    its message overtakes, does not count what it healed.
    """

    run_id: str
    page_size: int
    started: int
    moved: int
    revision: int = 1
    cursor: str = ""
    previous: str = ""
    announced: bool = True
    checked: int = 0
    healed: int = 0
    drift: int = 0
    refused: int = 0
    missed: int = 0
    settled: bool = False
    again: bool = False
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """What one commit writes, all of it or nothing.

    `run`, `totals` and `source` are put if the stored revision is one less than theirs, `peak` if the stored size is
    smaller.
    """

    bucket: str
    rows: tuple[RowWrite, ...] = ()
    run: Run | None = None
    prefixes: tuple[PrefixDelta, ...] = ()
    totals: Totals | None = None
    sample: Sample | None = None
    peak: Peak | None = None
    source: Source | None = None
    rollups: tuple[Rollup, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """What is read of a bucket as a whole: its totals, the peak of all buckets, its row; each None if it does not exist."""

    totals: Totals | None = None
    peak: Peak | None = None
    source: Source | None = None


class Outcome(Enum):
    """How a transaction ended."""

    COMMITTED = auto()
    ROW_MOVED = auto()
    """An object row or the reconcile run has changed since it was read."""
    TOTALS_MOVED = auto()
    """Totals, peak or source moved, or another transaction was writing an item. No row is known to have moved."""
