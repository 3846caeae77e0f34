"""Where LocalStack's S3 events differ from AWS's, made the same."""

import dataclasses
from urllib.parse import unquote

from localstack.services.s3.notifications import EventBridgeNotifier, S3EventNotificationContext
from localstack.utils.patch import patch


def apply() -> None:
    """Apply the repairs."""
    patch(EventBridgeNotifier._get_event_payload)(_with_raw_key)  # noqa: SLF001 there is no public seam


def _with_raw_key(original, ctx: S3EventNotificationContext, config_id: str | None = None) -> dict:  # noqa: ANN001
    """EventBridge is sent keys as they are; only S3's own notifications (SQS, SNS, Lambda) quote them."""
    return original(dataclasses.replace(ctx, key_name=unquote(ctx.key_name)), config_id)
