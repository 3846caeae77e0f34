"""Makes LocalStack's event source mappings poll queues long, as on AWS, so that a message is seen when it arrives.

LocalStack itself polls without waiting and sleeps for a second or more if the queue is empty.
"""

from collections.abc import Callable
from typing import Any

from localstack.services.lambda_.event_source_mapping.pollers.poller import EmptyPollResultsException
from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller
from localstack.utils.patch import patch

WAIT_SECONDS = 2
"""Duration of one poll. A mapping that is disabled or deleted may poll for that long."""


class LongPollingClient:
    """An SQS client that waits for messages although its caller does not ask for it."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def receive_message(self, **parameters: Any) -> Any:
        """Receive messages. A caller's own waiting time, from a batching window, is kept."""
        parameters["WaitTimeSeconds"] = parameters.get("WaitTimeSeconds") or WAIT_SECONDS
        return self._client.receive_message(**parameters)


def apply() -> None:
    """Apply the repair. LocalStack's Lambda provider must be importable when this is called."""
    patch(SqsPoller.__init__)(_with_long_polling_client)
    patch(SqsPoller.poll_events)(_without_pause)


def _with_long_polling_client(
    original: Callable[..., None], self: SqsPoller, *args: Any, **kwargs: Any
) -> None:
    original(self, *args, **kwargs)
    self.source_client = LongPollingClient(self.source_client)


def _without_pause(original: Callable[..., None], self: SqsPoller) -> None:
    """Poll again at once after an empty answer, because the poll has waited already."""
    try:
        original(self)
    except EmptyPollResultsException:
        return
