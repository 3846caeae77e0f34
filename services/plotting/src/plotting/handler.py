"""The Lambda entry point: API Gateway's REST proxy event in, its answer out."""

import functools
import json
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's own

from plotting import routes
from plotting.gateway import Response, origin_of, problem_response, request_of
from plotting.history import History
from plotting.ledger import Ledger
from plotting.negotiation import compressed
from plotting.plot_bucket import PlotBucket
from plotting.problems import INTERNAL, ProblemError
from plotting.queues import DeadLetterQueue, Queue, TrackingQueue
from plotting.settings import Settings
from plotting.sources import Sources
from size_history import budgets
from size_history.batch_get import UnreadKeysError
from size_history.deadline import Deadline, OutOfTimeError

_LOG = logging.getLogger("plotting")
BUDGET = budgets.PLOTTING
_DEADLINE = Deadline()
# A constant user agent saves a tenth of a request's processor time, which the SDK spends on building its own.
_USER_AGENT = "tidemark-plotting"
THREADS = 4
"""Concurrent requests to AWS. Each costs a millisecond of processor time, and Python's threads share one processor:
one thread for each of the 16 shards is slower than this (measured by the API benchmark)."""
FORESEEN = (ClientError, ConnectionError, HTTPClientError, OutOfTimeError, UnreadKeysError)
"""What AWS may answer, or fail to: each says in one line what went wrong, so the log has no stack of it."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request. Every failure is an answer too; unforeseen ones are logged with their stack."""
    request_id = getattr(context, "aws_request_id", "unknown")
    started = time.perf_counter()
    _LOG.setLevel(logging.INFO)
    _DEADLINE.allow(_seconds_left(context) - BUDGET.reserve_seconds)
    try:
        response = _respond(event)
    except ProblemError as problem:
        response = problem_response(problem)
    except FORESEEN as error:
        _LOG.error("request %s failed: %s: %s", request_id, type(error).__name__, error)
        response = _failure(request_id)
    except Exception:  # noqa: BLE001 - logged with its stack; the caller gets a 500, not API Gateway's bare 502
        _LOG.exception("request %s failed", request_id)
        response = _failure(request_id)
    milliseconds = (time.perf_counter() - started) * 1000
    _emit_metric(event, getattr(context, "function_name", "unknown"), milliseconds)
    _LOG.info("%s %s %d %.0f ms", event.get("httpMethod"), event.get("path"), response.status, milliseconds)
    return response.to_answer(origin_of(event), _allowed_origin())


def _seconds_left(context: Any) -> float:
    """Return how long this invocation may still take; a caller other than Lambda may not know."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    return left() / 1000 if left else BUDGET.timeout_seconds


def _respond(event: dict[str, Any]) -> Response:
    request = request_of(event)
    return compressed(routes.answer(sources(), request, time.time_ns() // 1000), request.headers)


def _failure(request_id: str) -> Response:
    return problem_response(ProblemError(INTERNAL, f"The log has the reason, under request {request_id}."))


def _allowed_origin() -> str | None:
    try:
        return _settings().cors_origin
    except ValueError:  # the answer and the log tell which settings are missing
        return None


def _emit_metric(event: dict[str, Any], function: str, milliseconds: float) -> None:
    """Print how long the answer took as a log line in CloudWatch's embedded metric format, which costs no request.

    A request without a route counts as `other`, because every name that a caller invents would be a paid metric.
    """
    method, path = str(event.get("httpMethod")), str(event.get("resource") or event.get("path"))
    record = {
        "_aws": {
            "Timestamp": time.time_ns() // 1_000_000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Tidemark",
                    "Dimensions": [["Function", "Route"]],
                    "Metrics": [{"Name": "AnswerTime", "Unit": "Milliseconds"}],
                }
            ],
        },
        "Function": function,
        "Route": f"{method} {path}" if method in routes.ROUTES.get(path, {}) else "other",
        "AnswerTime": round(milliseconds, 1),
    }
    print(json.dumps(record), flush=True)


@functools.cache
def _settings() -> Settings:
    return Settings.from_env(os.environ)


@functools.cache
def sources() -> Sources:
    """Return the clients of this execution environment, made on the first call from the environment's settings."""
    settings = _settings()
    session = boto3.session.Session()
    tables, queues = _client(session, "dynamodb"), _client(session, "sqs")
    threads = ThreadPoolExecutor(THREADS)  # starts each thread when it is first needed
    return Sources(
        data_bucket=settings.data_bucket,
        history=History(tables, settings.history_table, settings.size_index),
        ledger=Ledger(tables, settings.ledger_table, threads),
        plot_bucket=PlotBucket(_client(session, "s3"), settings.plot_bucket, settings.data_bucket),
        queue=TrackingQueue(Queue(queues, settings.queue_url, "tracking queue")),
        dead_letters=DeadLetterQueue(Queue(queues, settings.dlq_url, "dead-letter queue")),
        undelivered_events=DeadLetterQueue(Queue(queues, settings.rule_dlq_url, "rule's dead-letter queue")),
        threads=threads,
        release=os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", ""),
        retention_days=settings.sample_retention_days,
    )


def _client(session: boto3.session.Session, service: Any) -> Any:
    """Return a client for THREADS threads and the handler's own, whose requests begin only in time for an answer."""
    config = Config(
        user_agent=_USER_AGENT, max_pool_connections=THREADS + 1, **BUDGET.clients[service].config()
    )
    client = session.client(service, config=config)
    _DEADLINE.bind(client)
    return client
