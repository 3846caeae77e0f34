"""How far the tracker is behind: what waits on its queue.

SQS itself tells no age. The metric ApproximateAgeOfOldestMessage is up to a minute old, and receiving a message to
read its age would count as a delivery towards the dead-letter queue. So the age is said where it is known (an empty
queue: 0 seconds), and otherwise how many messages there are.
"""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Messages not yet recorded: waiting, in flight or delayed; None where the queue did not answer."""

    waiting: int | None
    reason: str | None = None

    @property
    def age_seconds(self) -> int | None:
        """Return 0 for an empty queue; None where the age is not known."""
        return 0 if self.waiting == 0 else None


@dataclass(frozen=True, slots=True)
class TrackingQueue:
    """The tracker's queue, asked through an SQS client."""

    client: "SQSClient"
    url: str

    def backlog(self) -> Backlog:
        """Return what waits. A queue that does not answer costs the answer this figure only, and says so."""
        try:
            answer = self.client.get_queue_attributes(
                QueueUrl=self.url,
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
            return Backlog(sum(int(count) for count in answer["Attributes"].values()))
        _LOG.warning("the tracking queue %s did not answer: %s", self.url, reason)
        return Backlog(None, f"the tracking queue did not answer: {reason}")
