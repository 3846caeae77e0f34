"""Runs `watch_plan.py`: checks whether the events of tracked buckets arrive, and asks for reconciles when they do again."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from size_history.deadline import OutOfTimeError
from size_history.messages import MAX_WATCHED, ReconcileRequest, Watch
from size_history.sources import SECOND_RUN_SECONDS, Hearing, Source
from size_tracking import metrics, watch_plan
from size_tracking.event_path import EventPath
from size_tracking.ledger import Ledger
from size_tracking.step_queue import StepQueue
from size_tracking.tracked import Tracked
from size_tracking.tracker import Clock, pause_seconds

log = logging.getLogger(__name__)

MAX_CHECKS = 4
"""How often a check is repeated if the row moved meanwhile. Two checks of one bucket at the same time are rare."""


class CheckFailedError(Exception):
    """Some buckets of a message could not be checked; it goes back to the queue, and all of them are checked again."""


@dataclass(slots=True)
class _Findings:
    """The result of checking some buckets once: those whose row moved meanwhile, those that failed, those not heard."""

    moved: list[str] = field(default_factory=list)
    errors: dict[str, Exception] = field(default_factory=dict)
    unheard: int = 0


@dataclass(frozen=True, slots=True)
class Watcher:
    """Checks buckets, many in one message."""

    ledger: Ledger
    event_path: EventPath
    steps: StepQueue
    clock: Clock
    tracked: Tracked

    def check_every_bucket(self) -> None:
        """Have every tracked bucket checked, and every bucket that the settings name but that has no row yet adopted."""
        names = list(self.ledger.tracked_buckets())
        checks = [
            Watch(tuple(names[start : start + MAX_WATCHED])) for start in range(0, len(names), MAX_WATCHED)
        ]
        adoptions = [ReconcileRequest(name) for name in sorted(self.tracked.named - set(names))]
        self.steps.send_all([*checks, *adoptions])

    def check(self, buckets: Sequence[str], *, deadline: int) -> None:
        """Check these buckets, or raise OutOfTimeError or CheckFailedError; checking a bucket twice does no harm."""
        left, errors = list(buckets), dict[str, Exception]()
        for attempt in range(MAX_CHECKS):
            findings = self._check_once(left, deadline)
            errors |= findings.errors
            left = findings.moved
            if not left:
                break
            self.clock.sleep(pause_seconds(attempt + 1))
        errors |= {bucket: CheckFailedError("other checks of it went on all the time") for bucket in left}
        if errors:
            bucket, error = next(iter(errors.items()))
            raise CheckFailedError(
                f"{len(errors)} buckets could not be checked, {bucket} first: {error}"
            ) from error

    def _check_once(self, buckets: Sequence[str], deadline: int) -> _Findings:
        findings = _Findings()
        sources = {bucket: each for bucket, each in self.ledger.sources(buckets).items() if each.tracked}
        if not sources:
            return findings
        now = (
            self.clock.now()
        )  # before the configuration is read: what is heard from here on was unheard before
        configuration = self.event_path.configuration()
        for bucket, source in sources.items():
            if self.clock.now() >= deadline:
                raise OutOfTimeError("out of time in a check of event paths: it goes back to the queue")
            try:
                after = watch_plan.checked(source, self.event_path.look(bucket, configuration), now)
                recorded = self._record(bucket, source, after, now)
            except OutOfTimeError:
                raise
            except Exception as error:  # noqa: BLE001  # any error: the other buckets are checked, then it is raised
                findings.errors[bucket] = error
                continue
            findings.unheard += _unheard(after)
            if not recorded:
                findings.moved.append(bucket)
        metrics.emit(metrics.of_function(), {"UnheardBuckets": (findings.unheard, "Count")}, at=now)
        return findings

    def _record(self, bucket: str, source: Source, after: Source, now: int) -> bool:
        """Send the requests of a bucket that is heard again, then write its row; return whether the row had not moved."""
        if watch_plan.heard_again(source, after):
            self.steps.send(ReconcileRequest(bucket))
            self.steps.send(ReconcileRequest(bucket), delay_seconds=SECOND_RUN_SECONDS)
        if not self.ledger.put_source(bucket, after):
            return False
        metrics.emit({"Bucket": bucket}, {"Heard": (int(not _unheard(after)), "Count")}, at=now)
        if after.hearing is not source.hearing:
            fields = {"bucket": bucket, "was": source.hearing, "is": after.hearing, "reason": after.reason}
            log.warning("event path %s", json.dumps(fields))
        return True


def _unheard(source: Source) -> bool:
    return source.hearing in {Hearing.DEAF, Hearing.GONE}
