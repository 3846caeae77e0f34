"""Repairs LocalStack's Lambda where image functions would notice that it differs from AWS's."""

import base64
import binascii
import hashlib
import logging
import re
from collections.abc import Callable

from localstack.services.lambda_ import provider
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localstack.services.lambda_.invocation.lambda_models import ImageCode, Invocation, InvocationResult
from localstack.services.lambda_.lambda_utils import HINT_LOG
from localstack.utils.patch import patch

from localstack_image_lambda import queue_polling
from localstack_image_lambda.executor import ImageExecutor

_DIGEST = re.compile(r"@sha256:([0-9a-f]{64})$")
_WRONG_HINTS = (
    "Advanced Lambda Logging Configuration is currently mocked",
    "Please ensure that Docker is available",
)


def apply() -> None:
    """Apply the repairs. LocalStack's Lambda provider must be importable when this is called."""
    for logger in (provider.LOG, HINT_LOG):
        logger.addFilter(_is_right_hint)
    patch(ExecutionEnvironment.get_log_group_name)(_configured_log_group)
    patch(ExecutionEnvironment.invoke)(_pass_client_context)
    provider.create_image_code = _image_code_by_name
    queue_polling.apply()


def _is_right_hint(record: logging.LogRecord) -> bool:
    """Drop hints that hold for LocalStack's own executor but not for ours."""
    return not any(text in record.getMessage() for text in _WRONG_HINTS)


def _configured_log_group(original: Callable[..., str], self: ExecutionEnvironment) -> str:
    """LocalStack ignores the function's logging configuration and writes to /aws/lambda/<function>."""
    group: str | None = self.function_version.config.logging_config.get("LogGroup")
    return group or original(self)


def _pass_client_context(
    original: Callable[..., InvocationResult], self: ExecutionEnvironment, invocation: Invocation
) -> InvocationResult:
    """LocalStack does not pass the client context to the executor."""
    if isinstance(self.runtime_executor, ImageExecutor):
        self.runtime_executor.client_context = _decoded(invocation.client_context)
    return original(self, invocation)


def _image_code_by_name(image_uri: str) -> ImageCode:
    """LocalStack would pull the image for its digest, but the registry need not exist."""
    digest = _DIGEST.search(image_uri)
    sha256 = digest.group(1) if digest else hashlib.sha256(image_uri.encode()).hexdigest()
    return ImageCode(image_uri=image_uri, code_sha256=sha256, repository_type="ECR")


def _decoded(client_context: str | None) -> str:
    try:
        return base64.b64decode(client_context or "").decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
