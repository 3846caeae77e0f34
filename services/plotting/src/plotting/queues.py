"""How far the tracker is behind, by what waits in its queue; and what it could not record, by what lies in the dead-letter queues.

SQS does not tell the age of a message. Its metric ApproximateAgeOfOldestMessage is minutes late, and receiving a
message to read its age counts as a delivery towards the dead-letter queue. But an execution environment that once saw
the queue empty knows that everything waiting now came later (docs/decisions/0011).

If a queue does not answer, only its figures are missing from the API's answer, with the reason.
"""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_LOG = logging.getLogger(__name__)
_SECOND = 1_000_000
REMEMBERED_SECONDS = 5
"""A count of dead letters is used again for this long. They change seldom, and a person has to act on them."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Messages not yet processed: waiting or in flight; None if the queue did not answer.

    Delayed messages do not count: only the second reconcile, which nobody is late with, is ever delayed.
    `age_seconds` is an upper bound on the age of the oldest: 0 for an empty queue, None if it is unknown.
    """

    waiting: int | None
    age_seconds: int | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Depth:
    """The number of messages in a queue, or None and the reason why the queue did not answer."""

    messages: int | None
    reason: str | None = None


class Queue:
    """A queue that this service only counts, through an SQS client; `name` is what a person calls it."""

    def __init__(self, client: "SQSClient", url: str, name: str) -> None:
        self._client = client
        self._url = url
        self._name = name

    def depth(self) -> Depth:
        """Return how many messages wait or are in flight."""
        try:
            answer = self._client.get_queue_attributes(
                QueueUrl=self._url,
                AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
            )
        except (BotoCoreError, ClientError) as error:
            _LOG.warning("the %s %s did not answer: %s", self._name, self._url, error)
            reason = (
                error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            )
            return Depth(None, f"the {self._name} did not answer: {reason}")
        return Depth(sum(int(count) for count in answer["Attributes"].values()))


class TrackingQueue:
    """The tracker's queue. It remembers when this execution environment last saw the queue empty."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._seen_empty: int | None = None

    def backlog(self, now: int) -> Backlog:
        """Return what waits at an instant (microseconds since 1970)."""
        depth = self._queue.depth()
        waiting = depth.messages
        if waiting == 0:
            self._seen_empty = now
            return Backlog(0, 0)
        if waiting is None or self._seen_empty is None:
            return Backlog(waiting, None, depth.reason)
        return Backlog(waiting, max(-(-(now - self._seen_empty) // _SECOND), 1))


class DeadLetterQueue:
    """A dead-letter queue. Its depth is remembered for REMEMBERED_SECONDS, so that few requests wait for it."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._counted: tuple[int, Depth] | None = None

    def depth(self, now: int) -> Depth:
        """Return how many messages lie there at an instant (microseconds since 1970), or did a few seconds before."""
        if self._counted is None or not 0 <= now - self._counted[0] < REMEMBERED_SECONDS * _SECOND:
            self._counted = now, self._queue.depth()
        return self._counted[1]
