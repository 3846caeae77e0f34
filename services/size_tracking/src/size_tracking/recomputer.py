"""Runs `recompute_plan.py`: each message makes the rollups of a stretch of time anew and sends the message of the next.

Where samples expire, a row that is older than they are sure to be is never replaced: by then it may be all that is left.

It may run whatever else goes on. Totals are read first, then samples, strongly consistent: what is before the open
intervals of those totals is final, so every run writes the same there. The open intervals are put on condition of the
totals' revision. A step carries nothing from the one before it but where to go on, so a late duplicate does no harm.
"""

import json
import logging
from dataclasses import dataclass, replace
from itertools import chain

from size_history.items import Recomputed, Rollup, Sample, Totals, folded
from size_history.messages import RecomputeRollups
from size_history.rollups import Unit
from size_tracking import metrics, recompute_plan
from size_tracking.ledger import Ledger
from size_tracking.recompute_plan import FINER
from size_tracking.step_queue import StepQueue
from size_tracking.tracked import Tracked
from size_tracking.tracker import Clock, pause_seconds
from size_tracking.values import Outcome, Transaction

log = logging.getLogger(__name__)

MAX_PAGES = 4
"""Maximum number of query pages (at most 1 MB each) that one message reads, unless a single minute has more.

They have at most some 18,000 samples, so a message puts at most as many rollups, in the time of one invocation.
"""
MARGIN_DAYS = 2
"""How long before its expiry a sample counts as expired. A message may be that old, and clocks differ."""
MAX_TRIES = 8
"""How often the open intervals are put if commits move the totals meanwhile, before the message goes back."""


class TotalsMovedError(Exception):
    """Commits moved the totals at every try to put the open intervals; the message goes back to the queue."""


@dataclass(frozen=True, slots=True)
class Recomputer:
    """Processes the messages."""

    ledger: Ledger
    steps: StepQueue
    clock: Clock
    tracked: Tracked
    sample_retention_days: int = 0

    def step(self, message: RecomputeRollups, *, deadline: int) -> None:
        """Make the rollups of the samples from `since` on anew, as many as fit; send a message for the rest.

        Nothing is read after `deadline` (microseconds since 1970). Raises NotTrackedError, and TotalsMovedError if the
        totals of a busy bucket moved all the time.
        """
        bucket = message.bucket
        totals = self._totals(bucket)
        if totals is None:
            return
        until = Unit.MINUTE.start_of(totals.last_time)
        start = min(Unit.MINUTE.start_of(self._since(message, totals)), until)
        samples, end = self._read(bucket, start, until, deadline)
        differing = message.differing
        differing += self._put(bucket, Unit.MINUTE, start, end, recompute_plan.minutes_of(samples))
        for unit, finer in FINER.items():
            first, last = unit.start_of(start), unit.start_of(end)
            parts = self.ledger.rollups(bucket, finer, first, last)
            differing += self._put(bucket, unit, first, last, folded(unit, parts))
        done = False
        if end == until:
            done, changed = self._open(bucket, until)
            differing += changed
        message = replace(message, since=end, differing=differing, gaps=message.gaps or totals.open is None)
        if done:
            self._report(message)
        else:
            self.steps.send(message)

    def _totals(self, bucket: str) -> Totals | None:
        """Return the totals of a bucket with samples, or None. Raises NotTrackedError."""
        header = self.ledger.header(bucket)
        self.tracked.require(bucket, header.source)
        return header.totals if header.totals and header.totals.last_time else None

    def _since(self, message: RecomputeRollups, totals: Totals) -> int:
        if message.since is not None:
            return message.since
        return 0 if totals.open is None else Unit.DAY.start_of(totals.last_time) - Unit.DAY.length

    def _read(self, bucket: str, start: int, until: int, deadline: int) -> tuple[list[Sample], int]:
        """Return the samples of whole minutes from `start` on, at least one minute, and the end of the last one."""
        samples: list[Sample] = []
        for pages, page in enumerate(self.ledger.samples(bucket, start, until), start=1):
            samples += page
            end = Unit.MINUTE.start_of(samples[-1].time) if samples else start
            if end > start and (pages >= MAX_PAGES or self.clock.now() >= deadline):
                return [sample for sample in samples if sample.time < end], end
        return samples, until

    def _put(self, bucket: str, unit: Unit, first: int, last: int, right: list[Rollup]) -> int:
        """Put the intervals from `first` to before `last` that are not stored so, and return their number."""
        stored = self.ledger.rollups(bucket, unit, first, last)
        wrong = list(recompute_plan.differing(stored, right, kept_from=self._kept_from()))
        self.ledger.put_rollups(bucket, wrong)
        return len(wrong)

    def _kept_from(self) -> int:
        """Return the instant since which no sample has expired, or is about to."""
        days = self.sample_retention_days
        return self.clock.now() - (days - MARGIN_DAYS) * Unit.DAY.length if days else 0

    def _open(self, bucket: str, until: int) -> tuple[bool, bool]:
        """Put the open intervals unless they stand so already; return whether this is done, and whether they did not.

        It is not done if the minute that begins at `until` has been closed meanwhile: then it is the next to be made.
        """
        samples: list[Sample] = []
        minutes, hours = (
            self.ledger.rollups(bucket, finer, unit.start_of(until), until) for unit, finer in FINER.items()
        )
        for attempt in range(1, MAX_TRIES + 1):
            totals = self._totals(bucket)
            if totals is None:
                return True, False
            if Unit.MINUTE.start_of(totals.last_time) != until:
                return False, False
            # Each try reads only what is new, so that it is quicker than the commits of a busy bucket follow each other.
            after = samples[-1].time + 1 if samples else until
            samples += chain.from_iterable(self.ledger.samples(bucket, after, totals.last_time + 1))
            if not samples:  # the history has lost them
                return True, False
            if totals.open is not None and until < self._kept_from():
                return True, False
            open_ = recompute_plan.opened(samples, minutes, hours)
            if open_ == totals.open:
                return True, False
            moved = Transaction(bucket, totals=replace(totals, open=open_, revision=totals.revision + 1))
            if self.ledger.commit(moved, now=self.clock.now()) is Outcome.COMMITTED:
                return True, True
            self.clock.sleep(pause_seconds(attempt))
        raise TotalsMovedError(f"commits moved the totals of {bucket} all the time")

    def _report(self, message: RecomputeRollups) -> None:
        now, bucket, differing = self.clock.now(), message.bucket, message.differing
        self.ledger.put_recomputed(bucket, Recomputed(now, differing, message.asked))
        # Of all buckets together, because this should never happen, and the log names the bucket.
        drift: metrics.Values = {"RollupDrift": (0 if message.gaps else differing, "Count")}
        metrics.emit(metrics.of_function(), drift, at=now)
        log.info("rollups recomputed %s", json.dumps({"bucket": bucket, "differing": differing}))
