"""How fresh an answer is: how far the tracker is behind, by what waits in its queue.

SQS does not tell the age of a message. Its metric ApproximateAgeOfOldestMessage is minutes late, and receiving a
message to read its age counts as a delivery towards the dead-letter queue. But an execution environment that once saw
the queue empty knows that everything waiting now came later (docs/decisions/0011).
"""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from size_history import times
from size_history.items import State

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_LOG = logging.getLogger(__name__)
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """Messages not yet processed: waiting, in flight or delayed; None if the queue did not answer.

    `age_seconds` is an upper bound on the age of the oldest: 0 for an empty queue, None if it is unknown.
    """

    waiting: int | None
    age_seconds: int | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Freshness:
    """When an answer holds (microseconds since 1970, UTC), what was waiting then, and the bucket's state if it has one.

    Everything recorded before `as_of` is in the answer.
    """

    as_of: int
    backlog: Backlog
    state: State | None = None

    def members(self) -> dict[str, Any]:
        """Return the freshness as members of a JSON answer."""
        members: dict[str, Any] = {
            "as_of": times.to_text(self.as_of),
            "queue_age_seconds": self.backlog.age_seconds,
            "queue_waiting": self.backlog.waiting,
        }
        if self.state is not None:
            members["state"] = self.state.value
        if self.backlog.reason is not None:
            members["queue_problem"] = self.backlog.reason
        return members

    def headers(self) -> dict[str, str]:
        """Return the same as headers (`Tidemark-As-Of` and so on), for other formats and for a 304."""
        return {
            "Tidemark-" + name.replace("_", "-").title(): "unknown" if value is None else str(value)
            for name, value in self.members().items()
        }


class TrackingQueue:
    """The tracker's queue, read through an SQS client."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url
        self._seen_empty: int | None = None

    def backlog(self, now: int) -> Backlog:
        """Return what waits at an instant (microseconds since 1970).

        If the queue does not answer, only these figures are missing from the API's answer, with the reason.
        """
        try:
            answer = self._client.get_queue_attributes(
                QueueUrl=self._url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )
        except ClientError as error:
            reason = error.response["Error"]["Code"]
        except BotoCoreError as error:
            reason = type(error).__name__
        else:
            return self._known(sum(int(count) for count in answer["Attributes"].values()), now)
        _LOG.warning("the tracking queue %s did not answer: %s", self._url, reason)
        return Backlog(None, None, f"the tracking queue did not answer: {reason}")

    def _known(self, waiting: int, now: int) -> Backlog:
        if waiting == 0:
            self._seen_empty = now
            return Backlog(0, 0)
        if self._seen_empty is None:
            return Backlog(waiting, None)
        return Backlog(waiting, max(-(-(now - self._seen_empty) // _SECOND), 1))
