"""How LocalStack's event source mappings poll a queue: long, as on AWS, so that a message is seen when it arrives.

LocalStack asks without waiting, and sleeps for a second or more when nothing is there.
"""

from typing import Any

from localstack.services.lambda_.event_source_mapping.pollers.poller import EmptyPollResultsException
from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller
from localstack.utils.patch import patch

WAIT_SECONDS = 2
"""Also how long a mapping that is disabled or deleted may still poll."""


class LongPollingClient:
    """An SQS client that waits for messages where its caller would not."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def receive_message(self, **parameters: Any) -> Any:
        """Receive; a wait of its own, which a batching window asks for, is kept."""
        parameters["WaitTimeSeconds"] = parameters.get("WaitTimeSeconds") or WAIT_SECONDS
        return self._client.receive_message(**parameters)


def apply() -> None:
    """Apply the repair; LocalStack's Lambda provider must be importable by now."""
    patch(SqsPoller.__init__)(_with_long_polling_client)
    patch(SqsPoller.poll_events)(_without_pause)


def _with_long_polling_client(original, self: SqsPoller, *args: Any, **kwargs: Any) -> None:  # noqa: ANN001
    original(self, *args, **kwargs)
    self.source_client = LongPollingClient(self.source_client)


def _without_pause(original, self: SqsPoller) -> None:  # noqa: ANN001
    """Poll again at once after an empty answer: it took its time already."""
    try:
        original(self)
    except EmptyPollResultsException:
        return
