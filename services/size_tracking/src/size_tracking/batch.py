"""One batch of queue messages: who is told what, and which messages go back to the queue."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from size_history.messages import Message
from size_tracking import metrics
from size_tracking.events import Hint, MalformedMessageError, parse
from size_tracking.reconciler import Reconciler
from size_tracking.tracker import Clock, OutOfTimeError, Tracker, TrackResult

log = logging.getLogger(__name__)

RESERVE_MICROSECONDS = 5_000_000
"""Kept for the answer at the end of an invocation: nothing new is begun in it."""


@dataclass(frozen=True, slots=True)
class _PendingMessage:
    """A message's id, and when what it tells of happened (microseconds since 1970), if it says so."""

    id: str
    time: int | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Carries out batches of the tracking queue."""

    tracker: Tracker
    reconciler: Reconciler
    clock: Clock

    def handle(self, records: Sequence[Mapping[str, Any]], *, remaining_ms: int) -> list[str]:
        """Carry out the messages and return the ids of those that must come back.

        Events of a key are one question to S3, however many they are. Hints go first: an event that waits makes the
        history late, a reconcile step does not.
        """
        deadline = self.clock.now() + remaining_ms * 1000 - RESERVE_MICROSECONDS
        failed: list[str] = []
        waiting: dict[str, dict[str, list[_PendingMessage]]] = {}
        ours: list[tuple[str, Message]] = []
        for record in records:
            message_id = record["messageId"]
            try:
                message = parse(record["body"])
            except MalformedMessageError as error:
                log.error("message %s is malformed, it goes to the dead-letter queue: %s", message_id, error)  # noqa: TRY400
                failed.append(message_id)
                continue
            if isinstance(message, Hint):
                waiting.setdefault(message.bucket, {}).setdefault(message.key, []).append(
                    _PendingMessage(message_id, message.time)
                )
            else:
                ours.append((message_id, message))
        for bucket, messages in waiting.items():
            failed += self._track(bucket, messages, deadline)
        for message_id, message in ours:
            if not self._process(message_id, message, deadline):
                failed.append(message_id)
        return failed

    def _track(self, bucket: str, messages: Mapping[str, list[_PendingMessage]], deadline: int) -> list[str]:
        result = self.tracker.track(bucket, list(messages), deadline=deadline)
        log.info(
            "tracked bucket=%s keys=%d changed=%d failed=%d",
            bucket,
            len(messages),
            result.changed,
            len(result.errors),
        )
        for key, error in result.errors.items():
            _log_failure(f"key {key!r} of bucket {bucket}", error)
        recorded = [message for key in messages if key not in result.errors for message in messages[key]]
        _measure(bucket, result, recorded, self.clock.now())
        return [message.id for key in result.errors for message in messages[key]]

    def _process(self, message_id: str, message: Message, deadline: int) -> bool:
        try:
            self.reconciler.process(message, deadline=deadline)
        except Exception as error:  # noqa: BLE001  # whatever it is, the message comes back
            _log_failure(f"message {message_id} ({message})", error)
            return False
        return True


def _measure(bucket: str, result: TrackResult, recorded: Sequence[_PendingMessage], now: int) -> None:
    """Emit the bucket's size, and how long after S3's own time (whole seconds, rounded down) each change is committed."""
    lags = [max(0, now - message.time) // 1000 for message in recorded if message.time is not None]
    values: metrics.Values = {
        **metrics.sizes(result.sample),
        **({"EventLag": (lags[: metrics.MAX_VALUES], "Milliseconds")} if lags else {}),
        "CommitConflicts": (result.conflicts, "Count"),
    }
    metrics.emit({"Bucket": bucket}, values, at=now)


def _log_failure(what: str, error: Exception) -> None:
    """Log an error on one line; its trace follows only where the error is none we foresaw."""
    foreseen = isinstance(error, OutOfTimeError)
    log.error(
        "%s goes back to the queue: %s: %s",
        what,
        type(error).__name__,
        error,
        exc_info=None if foreseen else error,
    )
