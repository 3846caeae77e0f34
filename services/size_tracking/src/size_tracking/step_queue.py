"""The sending end of the tracking queue."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from size_history.messages import Message

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

MAX_BATCH = 10
"""Maximum number of messages that one request sends (an AWS limit)."""


class UnsentError(Exception):
    """SQS did not take some messages of a batch; sending all of them again does no harm."""


class StepQueue:
    """Sends Tidemark's own messages."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, message: Message, *, delay_seconds: int = 0) -> None:
        """Send one message, which arrives after a delay of at most 900 seconds (an AWS limit)."""
        self._client.send_message(
            QueueUrl=self._queue_url, MessageBody=message.to_json(), DelaySeconds=delay_seconds
        )

    def send_all(self, messages: Sequence[Message]) -> None:
        """Send messages, ten at a time. Raises UnsentError if SQS did not take all of them."""
        for start in range(0, len(messages), MAX_BATCH):
            answer = self._client.send_message_batch(
                QueueUrl=self._queue_url,
                Entries=[
                    {"Id": str(number), "MessageBody": message.to_json()}
                    for number, message in enumerate(messages[start : start + MAX_BATCH])
                ],
            )
            if failed := answer.get("Failed"):
                raise UnsentError(
                    f"SQS did not take {len(failed)} messages: {failed[0].get('Message', failed[0]['Code'])}"
                )
