"""A reader in the model: the plotting service's own code, on the tape. It reads the totals first, then what covers a range."""

import json
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from plotting.in_force import RollupsMissingError
from plotting.parsing import Range
from plotting.ranges import Ranges
from size_history.messages import KIND
from size_history.rollups import Unit
from size_tracking.batch import Batch
from tests.property.model import questions as ask
from tests.property.model.messages import READ


class TapeHistory:
    """The History's methods that read ranges, as questions."""

    def __init__(self, tape: Any) -> None:
        self._tape = tape

    def first_samples(self, bucket, start, end, limit):
        samples = self._tape.answer(ask.ReadSamples(bucket, start, end, limit + 1))
        return list(samples), samples[-1].time + 1 if len(samples) > limit else end

    def sample_before(self, bucket, instant):
        found = self._tape.answer(ask.ReadSamples(bucket, 0, instant, 1, backward=True))
        return found[0] if found else None


class TapeRollups:
    """The Rollups' methods that read ranges, as questions."""

    def __init__(self, tape: Any) -> None:
        self._tape = tape

    def of(self, bucket, span):
        return self._read(bucket, span.unit, span.start, span.end)

    def at(self, bucket, starts):
        found = [self._read(bucket, unit, start, start + 1) for unit, start in starts]
        return [rollup for rollups in found for rollup in rollups]

    def first_minute(self, bucket, start, end):
        return next(iter(self._read(bucket, Unit.MINUTE, start, end)), None)

    def _read(self, bucket, unit, first, last):
        return self._tape.answer(ask.ReadRollups(bucket, unit, first, last))


class Inline:
    """Runs what is submitted at once: the search tries the other orders of a reader and its writers anyway."""

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(*arguments))
        return future


class ReadingBatch(Batch):
    """The batch, which here answers a reader's questions, too."""

    rollups = TapeRollups

    def handle(self, records, *, remaining_ms):
        ours = [record for record in records if json.loads(record["body"]).get(KIND) == READ]
        for record in ours:
            self.read(**{name: value for name, value in json.loads(record["body"]).items() if name != KIND})
        return super().handle([record for record in records if record not in ours], remaining_ms=remaining_ms)

    def read(self, bucket: str, start: int, end: int) -> None:
        """Read a range and tell of it."""
        tape = self.tracker.ledger.tape
        rollups: Any = self.rollups(tape)
        totals, _ = self.tracker.ledger.totals_and_peak(bucket)
        if totals is None or not totals.last_time:
            return
        history: Any = TapeHistory(tape)
        threads: Any = Inline()
        try:
            reading = Ranges(history, rollups, threads).read(Range(bucket, start, end, live=False), totals)
        except RollupsMissingError:
            return
        last = reading.points[-1].last if reading.points else reading.before
        told = ask.Told(reading.sample_cnt, reading.minimum, reading.maximum, last)
        tape.answer(ask.Tell(bucket, start, end, totals.last_time, told))
