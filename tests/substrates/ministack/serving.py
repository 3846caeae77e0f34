"""MiniStack in this process: with our executor, over a transport that counts as TLS, and ended by SIGTERM at once."""

import asyncio
import os
import signal
from typing import Any

import hypercorn.asyncio
from hypercorn.config import Config
from ministack import app
from ministack.core import iam_actions
from ministack.services import lambda_svc

from tests.substrates.ministack.executor import Executor


def serve() -> None:
    """Serve at BIND_HOST and GATEWAY_PORT until SIGTERM."""
    address = f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"
    executor = Executor(f"http://{address}", lambda_svc.execution_credentials)
    lambda_svc._execute_function_docker = executor.execute
    lambda_svc.invalidate_worker = executor.discard
    iam_actions.extract_iam_action = permission_of_batches(iam_actions.extract_iam_action)

    def stop(*_: object) -> None:
        # MiniStack would first wait for what it is doing: forever, if that is a custom resource. Its state is in memory.
        executor.stop()
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    config = Config()
    config.bind = [address]
    config.loglevel = os.environ["LOG_LEVEL"]
    asyncio.run(hypercorn.asyncio.serve(as_if_over_tls, config, shutdown_trigger=asyncio.Event().wait))


async def as_if_over_tls(scope: Any, receive: Any, send: Any) -> None:
    """Let plain HTTP count as TLS, because the buckets' and queues' own policies refuse anything else.

    A request with the header `X-Forwarded-Proto: http` counts as plain.
    """
    await app.app({**scope, "scheme": "https"} if scope["type"] == "http" else scope, receive, send)


def permission_of_batches(original: Any) -> Any:
    """Repair the permissions of SQS's batch operations: they need that of the single one.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    """

    def permission(service: str, *request: Any) -> str | None:
        action: str | None = original(service, *request)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    return permission
