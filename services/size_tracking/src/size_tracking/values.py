"""What the accounting reasons about: what S3 said, what the Ledger holds, and what to commit."""

from dataclasses import dataclass
from enum import Enum, auto

from size_history.items import Peak, Sample, Totals


@dataclass(frozen=True, slots=True)
class Observation:
    """What S3 said about one key when asked: its size in bytes, or None if absent.

    `etag`, `last_modified` (ISO-8601, seconds) and `version_id` tell two objects of the same size apart.
    """

    size: int | None = None
    etag: str = ""
    last_modified: str = ""
    version_id: str = ""

    @property
    def present(self) -> bool:
        """Return whether the object was there."""
        return self.size is not None


ABSENT = Observation()


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """The Ledger's row of one key: the latest committed observation, and its revision (0: there is no row)."""

    revision: int = 0
    seen: Observation = ABSENT


@dataclass(frozen=True, slots=True)
class RowWrite:
    """Put `seen` under `revision`, if the row's revision is still `read_revision`."""

    key: str
    read_revision: int
    revision: int
    seen: Observation


@dataclass(frozen=True, slots=True)
class PrefixDelta:
    """Add these bytes and objects to a prefix row."""

    prefix: str
    size: int
    count: int


@dataclass(frozen=True, slots=True)
class Run:
    """How far a bucket's reconcile has come; `revision` rises with every change of it.

    The step expected next covers the keys after `cursor`; `previous` is where the step before it began. `announced`
    says that the message of the expected step is known to be sent. Times are microseconds since 1970;
    `moved` is the last progress, `ended` is None while the run goes on. `checked` keys were compared, `healed` of
    them had to be corrected, by `drift` bytes in absolute value.
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
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """All that one commit writes, or none of it.

    `run` and `totals` are put if the stored revision is one less than their own; `peak` if the stored size is smaller.
    """

    bucket: str
    rows: tuple[RowWrite, ...] = ()
    run: Run | None = None
    prefixes: tuple[PrefixDelta, ...] = ()
    totals: Totals | None = None
    sample: Sample | None = None
    peak: Peak | None = None


class Outcome(Enum):
    """How a transaction ended."""

    COMMITTED = auto()
    ROW_MOVED = auto()
    """An object row, or the reconcile run, is not as it was read."""
    TOTALS_MOVED = auto()
    """The totals or the peak moved, or another transaction held one of the items: no row is known to have moved."""
