"""Where LocalStack's Lambda differs from AWS's in what an image function can see, made the same."""

import base64
import binascii
import hashlib
import logging
import re

from localstack.services.lambda_ import provider
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localstack.services.lambda_.invocation.lambda_models import ImageCode, Invocation, InvocationResult
from localstack.services.lambda_.lambda_utils import HINT_LOG
from localstack.utils.patch import patch

from localstack_image_lambda import queue_polling
from localstack_image_lambda.executor import ImageExecutor

_DIGEST = re.compile(r"@sha256:([0-9a-f]{64})$")


_UNTRUE_HERE = (
    "Advanced Lambda Logging Configuration is currently mocked",
    "Please ensure that Docker is available",
)


def apply() -> None:
    """Apply the repairs; LocalStack's Lambda provider must be importable by now."""
    for logger in (provider.LOG, HINT_LOG):
        logger.addFilter(_is_true_here)
    patch(ExecutionEnvironment.get_log_group_name)(_configured_log_group)
    patch(ExecutionEnvironment.invoke)(_pass_client_context)
    provider.create_image_code = _image_code_by_name
    queue_polling.apply()


def _is_true_here(record: logging.LogRecord) -> bool:
    """Keep what LocalStack says of its own executor from users of ours."""
    return not any(text in record.getMessage() for text in _UNTRUE_HERE)


def _configured_log_group(original, self: ExecutionEnvironment) -> str:  # noqa: ANN001 a patched method
    """LocalStack writes to /aws/lambda/<function> whatever the function's logging configuration says."""
    return self.function_version.config.logging_config.get("LogGroup") or original(self)


def _pass_client_context(original, self: ExecutionEnvironment, invocation: Invocation) -> InvocationResult:  # noqa: ANN001
    """LocalStack drops the client context on its way to the executor."""
    if isinstance(self.runtime_executor, ImageExecutor):
        self.runtime_executor.client_context = _decoded(invocation.client_context)
    return original(self, invocation)


def _image_code_by_name(image_uri: str) -> ImageCode:
    """LocalStack would pull the image to learn its digest, from a registry that need not exist."""
    digest = _DIGEST.search(image_uri)
    sha256 = digest.group(1) if digest else hashlib.sha256(image_uri.encode()).hexdigest()
    return ImageCode(image_uri=image_uri, code_sha256=sha256, repository_type="ECR")


def _decoded(client_context: str | None) -> str:
    try:
        return base64.b64decode(client_context or "").decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
