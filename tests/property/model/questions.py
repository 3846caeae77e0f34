"""What a handler may ask the world: one value per request that the real adapters make."""

from typing import NamedTuple

from size_tracking.track_plan import ChunkState
from size_tracking.values import Run, Transaction


class ReadRow(NamedTuple):
    """One of these keys' rows (a BatchGetItem is not atomic); answered by (key, row or None)."""

    bucket: str
    keys: tuple[str, ...]


class Look(NamedTuple):
    """A HEAD of one of these keys; answered by (key, observation or exception)."""

    bucket: str
    keys: tuple[str, ...]


class ReadTotal(NamedTuple):
    """One of "totals" and "peak"; answered by (which of them, value or None)."""

    bucket: str
    keys: tuple[str, ...]


class Recorded(NamedTuple):
    """The present objects' rows of one shard in a range; answered by ((key, observation), …)."""

    bucket: str
    shard: str
    after: str
    until: str | None


class ListNext(NamedTuple):
    """The listing's first object after a key; answered by (key, observation) or None."""

    bucket: str
    after: str


class ReadRun(NamedTuple):
    """The bucket's run; answered by it or None."""

    bucket: str


class Write(NamedTuple):
    """A transaction; answered by its Outcome."""

    transaction: Transaction


class PutRun(NamedTuple):
    """A put of the run, conditional on its revision; answered by whether it went through."""

    bucket: str
    run: Run


class CreateTotals(NamedTuple):
    """A put of adopting totals, if there are none; answered by None."""

    bucket: str


class ReadTrackedBuckets(NamedTuple):
    """The tracked buckets; answered by their names."""


class Send(NamedTuple):
    """A message to the queue; answered by None."""

    body: str


class RunChunk(NamedTuple):
    """No request: a chunk of keys to carry through; answered by (Done, failed keys with their errors)."""

    state: ChunkState


Question = (
    ReadRow
    | Look
    | ReadTotal
    | Recorded
    | ListNext
    | ReadRun
    | Write
    | PutRun
    | CreateTotals
    | ReadTrackedBuckets
    | Send
    | RunChunk
)
