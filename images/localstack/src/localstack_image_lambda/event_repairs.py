"""Repairs LocalStack's S3 events where they differ from AWS's."""

import dataclasses
from urllib.parse import unquote

from localstack.aws.api.events import PutEventsRequestEntry
from localstack.services.s3.notifications import EventBridgeNotifier, S3EventNotificationContext

_original_payload = EventBridgeNotifier._get_event_payload  # noqa: SLF001 there is no public seam


def apply() -> None:
    """Apply the repairs."""
    EventBridgeNotifier._get_event_payload = staticmethod(_payload_with_raw_key)  # noqa: SLF001


def _payload_with_raw_key(
    ctx: S3EventNotificationContext, config_id: str | None = None
) -> PutEventsRequestEntry:
    """Send raw keys to EventBridge. On AWS only S3's own notifications (SQS, SNS, Lambda) quote them."""
    return _original_payload(dataclasses.replace(ctx, key_name=unquote(ctx.key_name)), config_id)
