"""How far the tracker is behind: what waits on its queue, and for how long at most.

SQS itself tells no age. The metric ApproximateAgeOfOldestMessage is up to minutes old, and receiving a message to
read its age would count as a delivery towards the dead-letter queue. But an execution environment that saw the queue
empty knows that whatever waits now came later (docs/decisions/0011).
"""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_LOG = logging.getLogger(__name__)
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """Messages not yet recorded: waiting, in flight or delayed; None where the queue did not answer.

    `age_seconds`: how long the oldest has waited at most; 0 for an empty queue, None where that is not known.
    """

    waiting: int | None
    age_seconds: int | None
    reason: str | None = None


class TrackingQueue:
    """The tracker's queue, asked through an SQS client."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url
        self._seen_empty: int | None = None

    def backlog(self, now: int) -> Backlog:
        """Return what waits at an instant (microseconds since 1970).

        A queue that does not answer costs the answer this figure only, and says so.
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
