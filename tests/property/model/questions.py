"""The questions of a handler: one value per request that the real adapters make."""

from typing import NamedTuple

from size_history.items import Rollup
from size_history.rollups import Point, Unit
from size_history.sources import Source
from size_tracking.track_plan import ChunkState
from size_tracking.values import Run, Transaction


class ReadRow(NamedTuple):
    """The row of one of these keys (a BatchGetItem is not atomic); the answer is (key, row or None)."""

    bucket: str
    keys: tuple[str, ...]


class Look(NamedTuple):
    """A HEAD of one of these keys; the answer is (key, observation or exception)."""

    bucket: str
    keys: tuple[str, ...]


class ReadTotal(NamedTuple):
    """One of "totals", "peak" and "source"; the answer is (which of them, value or None)."""

    bucket: str
    keys: tuple[str, ...]


class Recorded(NamedTuple):
    """The rows of present objects of one shard in a range; the answer is ((key, observation), …)."""

    bucket: str
    shard: str
    after: str
    until: str | None


class ListNext(NamedTuple):
    """The listing's first object after a key; the answer is (key, observation) or None."""

    bucket: str
    after: str


class ReadRun(NamedTuple):
    """The bucket's run; the answer is the run or None. Only a mutant does without consistency."""

    bucket: str
    consistent: bool = True


class ReadSource(NamedTuple):
    """The bucket's row; the answer is the row or None. Only a mutant does without consistency."""

    bucket: str
    consistent: bool = True


class ReadPath(NamedTuple):
    """Whether the bucket's events are on; the answer is that."""

    bucket: str


class PutSource(NamedTuple):
    """A put of the bucket's row, conditional on its revision; the answer is whether it succeeded."""

    bucket: str
    source: Source


class Write(NamedTuple):
    """A transaction; the answer is its Outcome."""

    transaction: Transaction


class PutRun(NamedTuple):
    """A put of the run, conditional on its revision; the answer is whether it succeeded."""

    bucket: str
    run: Run


class CreateTotals(NamedTuple):
    """A put of adopting totals and, if none was `found`, of the bucket's row; the answer is the Outcome."""

    bucket: str
    found: bool


class ReadTrackedBuckets(NamedTuple):
    """The tracked buckets; the answer is their names."""


class ReadSamples(NamedTuple):
    """A page of samples from `start` to before `end`; the answer is them. Only a mutant does without consistency."""

    bucket: str
    start: int
    end: int
    limit: int
    backward: bool = False
    consistent: bool = True


class ReadRollups(NamedTuple):
    """The rollups of a unit that start from `first` to before `last`; the answer is them."""

    bucket: str
    unit: Unit
    first: int
    last: int


class PutRollups(NamedTuple):
    """An unconditional put of rollups; the answer is None."""

    bucket: str
    rollups: tuple[Rollup, ...]


class Tell(NamedTuple):
    """Not a request: a reader's answer about a range, up to the last sample of the totals it read; the answer is None."""

    bucket: str
    start: int
    end: int
    last: int
    told: "Told"


class Told(NamedTuple):
    """The number of samples, the first lowest and the first highest total in force, and the last total."""

    sample_cnt: int
    minimum: Point | None
    maximum: Point | None
    last: Point | None


class Send(NamedTuple):
    """A message to the queue that arrives after a number of seconds; the answer is None."""

    body: str
    delay: int = 0


class RunChunk(NamedTuple):
    """Not a request: a chunk of keys to process, and the RunStarter's method that adopts a bucket.

    The answer is (Done, failed keys with their errors).
    """

    state: ChunkState
    adopt: str


Question = ReadRow | Look | ReadTotal | Recorded | ListNext | ReadRun | Write | PutRun | CreateTotals
Question |= ReadTrackedBuckets | ReadSource | ReadPath | PutSource | Send | RunChunk
Question |= ReadSamples | ReadRollups | PutRollups | Tell
