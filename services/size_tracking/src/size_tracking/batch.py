"""One batch of queue messages: which part handles each, and which go back to the queue."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from size_history.budgets import TRACKER, Function
from size_history.deadline import OutOfTimeError
from size_history.messages import (
    Message,
    RecomputeRollups,
    ReconcileEveryBucket,
    ReconcileRequest,
    ReconcileStep,
    Watch,
    WatchEveryBucket,
)
from size_tracking import metrics
from size_tracking.events import Hint, MalformedMessageError, parse
from size_tracking.observer import RefusedError
from size_tracking.recomputer import Recomputer, TotalsMovedError
from size_tracking.reconciler import Reconciler, RunMovedError, StepFailedError
from size_tracking.step_queue import UnsentError
from size_tracking.tracked import NotTrackedError
from size_tracking.tracker import Clock, Tracker, TrackResult
from size_tracking.watcher import CheckFailedError, Watcher

log = logging.getLogger(__name__)

_FORESEEN = (
    BotoCoreError,
    CheckFailedError,
    ClientError,
    OutOfTimeError,
    RefusedError,
    RunMovedError,
    StepFailedError,
    TotalsMovedError,
    UnsentError,
)
"""Errors whose text says it all, so that the log needs no trace."""


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """The id of an event's message, and the event's time (microseconds since 1970) if it has one."""

    id: str
    time: int | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Processes batches of the tracking queue."""

    tracker: Tracker
    reconciler: Reconciler
    recomputer: Recomputer
    watcher: Watcher
    clock: Clock
    budget: Function = TRACKER

    def handle(self, records: Sequence[Mapping[str, Any]], *, remaining_ms: int) -> list[str]:
        """Process the messages and return the ids of those that must go back to the queue.

        All events of one key cost one HEAD. Events are processed before reconcile messages, because an event that
        waits delays the history. Each bucket with events and each other message has an equal share of the time that is
        left, so that one for which S3 hangs does not starve the others. Nothing begins in the reserve.
        """
        self.tracker.deadline.allow(remaining_ms / 1000 - self.budget.reserve_seconds)
        failed: list[str] = []
        events: dict[str, dict[str, list[PendingMessage]]] = defaultdict(lambda: defaultdict(list))
        others: list[tuple[str, Message]] = []
        for record in records:
            message_id = record["messageId"]
            try:
                message = parse(record["body"])
            except MalformedMessageError as error:
                log.error("message %s is malformed, it goes to the dead-letter queue: %s", message_id, error)  # noqa: TRY400
                failed.append(message_id)
                continue
            if isinstance(message, Hint):
                events[message.bucket][message.key].append(PendingMessage(message_id, message.time))
            else:
                others.append((message_id, message))
        parts = len(events) + len(others)
        for number, (bucket, messages) in enumerate(events.items()):
            failed += self._track(bucket, messages, self._share(parts - number))
        for number, (message_id, message) in enumerate(others):
            if not self._process(message_id, message, self._share(len(others) - number)):
                failed.append(message_id)
        return failed

    def _share(self, parts: int) -> int:
        """Return the end of a share of the time that is left, which is long enough for one attempt of a request."""
        longest = max(client.attempt_seconds for client in self.budget.clients.values())
        return self.tracker.deadline.share(parts, at_least=longest)

    def _track(self, bucket: str, messages: Mapping[str, list[PendingMessage]], deadline: int) -> list[str]:
        result = self.tracker.track(bucket, list(messages), deadline=deadline)
        refusals = [error for error in result.errors.values() if isinstance(error, NotTrackedError)]
        if refusals:
            log.warning("the events of %d keys are dropped: %s", len(refusals), refusals[0])
        if len(refusals) == len(messages):
            return []  # without a metric: anybody can name a bucket, and each name would be paid for
        counts = (len(messages), result.changed, len(result.errors))
        log.info("tracked bucket=%s keys=%d changed=%d failed=%d", bucket, *counts)
        failed = {key: error for key, error in result.errors.items() if error not in refusals}
        for key, error in failed.items():
            _log_failure(f"key {key!r} of bucket {bucket}", error)
        recorded = [message for key in messages if key not in result.errors for message in messages[key]]
        _measure(bucket, result, recorded, self.clock.now())
        return [message.id for key in failed for message in messages[key]]

    def _process(self, message_id: str, message: Message, deadline: int) -> bool:
        """Process one of Tidemark's own messages, and return whether it is done."""
        try:
            self._dispatch(message, deadline)
        except NotTrackedError as error:
            log.warning("a message is dropped (%s): %s", type(message).__name__, error)
        except Exception as error:  # noqa: BLE001  # any error: the message goes back to the queue
            _log_failure(f"message {message_id} ({message})", error)
            return False
        return True

    def _dispatch(self, message: Message, deadline: int) -> None:
        self.tracker.deadline.require("it")
        if isinstance(message, ReconcileStep):
            self.reconciler.step(message, deadline=deadline)
            return
        with self.tracker.deadline.until(deadline):
            match message:
                case ReconcileEveryBucket():
                    self.reconciler.reconcile_every_bucket()
                case ReconcileRequest(bucket, page_size, second):
                    starter = self.reconciler.run_starter
                    replace(starter, sends_second=not second).begin(bucket, page_size)
                case RecomputeRollups():
                    self.recomputer.step(message, deadline=deadline)
                case WatchEveryBucket():
                    self.watcher.check_every_bucket()
                case Watch(buckets):
                    self.watcher.check(buckets, deadline=deadline)


def _measure(bucket: str, result: TrackResult, recorded: Sequence[PendingMessage], now: int) -> None:
    """Emit the bucket's size, and the lag of each commit behind S3's time (whole seconds, rounded down) of its event."""
    lags = [max(0, now - message.time) // 1000 for message in recorded if message.time is not None]
    values: metrics.Values = {
        **metrics.sizes(result.sample),
        **({"EventLag": (lags[: metrics.MAX_VALUES], "Milliseconds")} if lags else {}),
        "CommitConflicts": (result.conflicts, "Count"),
    }
    metrics.emit({"Bucket": bucket}, values, at=now)


def _log_failure(what: str, error: Exception) -> None:
    """Log an error on one line, with its trace unless the error is a foreseen one."""
    trace = None if isinstance(error, _FORESEEN) else error
    log.error("%s goes back to the queue: %s: %s", what, type(error).__name__, error, exc_info=trace)
