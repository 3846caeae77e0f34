"""Runs `track_plan.py` for keys of one bucket, against S3 and DynamoDB."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from size_history.budgets import FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS
from size_history.deadline import Deadline
from size_history.items import Sample
from size_tracking import track_plan
from size_tracking.ledger import Ledger
from size_tracking.observer import Observer
from size_tracking.track_plan import (
    Adopt,
    ChunkState,
    Commit,
    Done,
    Observe,
    ReadRows,
    ReadTotals,
)
from size_tracking.tracked import Tracked


@dataclass(frozen=True, slots=True)
class Clock:
    """The source of time: `now` in microseconds since 1970, `sleep` in seconds."""

    now: Callable[[], int] = lambda: time.time_ns() // 1000
    sleep: Callable[[float], None] = time.sleep


@dataclass(slots=True)
class TrackResult:
    """The result so far for some keys: how many had changed, by how many bytes, and the errors of those not committed.

    `sample` is the last one recorded; `conflicts` counts the commits that had to be repeated.
    """

    changed: int = 0
    bytes_moved: int = 0
    errors: dict[str, Exception] = field(default_factory=dict)
    sample: Sample | None = None
    conflicts: int = 0

    def plus(self, later: "TrackResult") -> "TrackResult":
        """Return the sum of both results."""
        return TrackResult(
            self.changed + later.changed,
            self.bytes_moved + later.bytes_moved,
            self.errors | later.errors,
            later.sample or self.sample,
            self.conflicts + later.conflicts,
        )


@dataclass(kw_only=True)
class Tracker:
    """Updates the Ledger and the History from S3, key by key.

    `adopt` starts the adoption of a bucket without totals; the totals exist when it returns, unless others were writing.
    """

    ledger: Ledger
    observer: Observer
    adopt: Callable[[str], None]
    clock: Clock
    tracked: Tracked
    deadline: Deadline

    def track(self, bucket: str, keys: Sequence[str], *, deadline: int) -> TrackResult:
        """Commit what S3 now says about these distinct keys, chunk by chunk.

        `deadline` is in microseconds since 1970. After it S3 is not asked any more, so keys that it did not answer for by
        then are among the errors. What it answered for is still committed, if the invocation has time.
        """
        result = TrackResult()
        for chunk in track_plan.chunks(keys):
            result = result.plus(self._chunk(bucket, chunk, deadline))
        return result

    def _chunk(self, bucket: str, keys: tuple[str, ...], deadline: int) -> TrackResult:
        result = TrackResult()
        try:
            self._run(ReadRows(bucket, keys), result, deadline)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationException" and len(keys) > 1:
                # DynamoDB rejects one key: find it by halves, so that the others are committed.
                half = len(keys) // 2
                first = self._chunk(bucket, keys[:half], deadline)
                return first.plus(self._chunk(bucket, keys[half:], deadline))
            return TrackResult(errors=dict.fromkeys(keys, error))
        except Exception as error:  # noqa: BLE001  # any error: these keys are reported and retried
            return TrackResult(errors=dict.fromkeys(keys, error), conflicts=result.conflicts)
        return result

    def _run(self, state: ChunkState, result: TrackResult, deadline: int) -> None:
        adoptions = 0
        while not isinstance(state, Done):
            before = state
            with self.deadline.until(deadline if isinstance(state, ReadRows | Observe) else self.deadline.at):
                self.deadline.require(type(state).__name__)
                state = self.step(state, result.errors)
            if isinstance(before, Commit) and isinstance(state, Done):
                result.sample = before.transaction.sample
            elif isinstance(before, Commit):
                result.conflicts += 1
                self.clock.sleep(pause_seconds(result.conflicts))
            elif isinstance(before, Adopt):
                adoptions += 1
                self.clock.sleep(pause_seconds(adoptions))
        result.changed, result.bytes_moved = state.changed, state.bytes_moved

    def step(self, state: ChunkState, errors: dict[str, Exception]) -> ChunkState:
        """Fetch what the state needs and return the next state; keys that S3 did not answer for go to `errors`."""
        match state:
            case ReadRows(bucket, keys):
                rows, source = self.ledger.rows(bucket, keys)
                self.tracked.require(bucket, source)
                return track_plan.rows_read(state, rows)
            case Observe(bucket, rows):
                seen, failed = self.observer.observe(bucket, [key for key, _ in rows])
                errors |= failed
                return track_plan.observed(state, seen)
            case ReadTotals(bucket):
                totals, peak = self.ledger.totals_and_peak(bucket)
                return track_plan.totals_read(state, totals, peak, self.clock.now())
            case Adopt(bucket):
                self.adopt(bucket)
                return track_plan.adopted(state)
            case Commit(_, transaction):
                outcome = self.ledger.commit(transaction, now=self.clock.now())
                return track_plan.committed(state, outcome)
            case Done():
                return state


def pause_seconds(attempt: int) -> float:
    """Return a random pause before the given attempt (1, 2, …), so that two writers do not collide again."""
    maximum = min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1))
    return random.uniform(0, maximum)  # noqa: S311  # jitter, not a secret
