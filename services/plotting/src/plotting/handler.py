"""The Lambda entry point: API Gateway's REST proxy event in, its answer out."""

import functools
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config

from plotting.compression import compressed
from plotting.gateway import Response, problem_response, request_of
from plotting.history import History
from plotting.ledger import Ledger
from plotting.metrics import emit_answer
from plotting.plot_bucket import PlotBucket
from plotting.problems import INTERNAL, ProblemError
from plotting.routes import route_of
from plotting.settings import Settings
from plotting.sources import Sources
from plotting.tracking_queue import TrackingQueue

_LOG = logging.getLogger("plotting")
# API Gateway gives up after 29 seconds: what hangs must fail before, so that the caller gets an answer.
# A user agent of our own is a constant; the SDK's is put together anew for each request, a tenth of its processor time.
_USER_AGENT = "tidemark-plotting"
THREADS = 4
"""What is asked of AWS at the same time. A request costs a millisecond of processor time, and Python's threads share
one processor: a thread for each of the 16 shards is slower than this (make bench-api)."""
_TABLES = Config(
    user_agent=_USER_AGENT,
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=THREADS + 1,  # and the caller's own
)
_QUEUE = Config(user_agent=_USER_AGENT, connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request. Every failure is an answer too; what is not the caller's fault is logged with its stack."""
    started = time.perf_counter()
    _LOG.setLevel(logging.INFO)
    try:
        response = _respond(event)
    except ProblemError as problem:
        response = problem_response(problem)
    except Exception:  # noqa: BLE001 - logged with its stack; the caller gets a 500, not API Gateway's bare 502
        request_id = getattr(context, "aws_request_id", "unknown")
        _LOG.exception("request %s failed", request_id)
        response = problem_response(
            ProblemError(INTERNAL, f"The log has the reason, under request {request_id}.")
        )
    took = (time.perf_counter() - started) * 1000
    emit_answer(
        function=str(getattr(context, "function_name", "unknown")),
        method=str(event.get("httpMethod")),
        path=str(event.get("resource") or event.get("path")),
        milliseconds=took,
        at=time.time_ns() // 1000,
    )
    _LOG.info("%s %s %d %.0f ms", event.get("httpMethod"), event.get("path"), response.status, took)
    return response.to_answer(os.environ.get("CORS_ORIGIN"))


def _respond(event: dict[str, Any]) -> Response:
    request = request_of(event)
    route = route_of(request)
    return compressed(route(sources(), request, time.time_ns() // 1000), request.headers)


@functools.cache
def sources() -> Sources:
    """Return the clients of this execution environment, made on the first call from the environment's settings."""
    settings = Settings.from_env(os.environ)
    session = boto3.session.Session()
    tables = session.client("dynamodb", config=_TABLES)
    threads = ThreadPoolExecutor(THREADS)  # each starts when it is first needed
    return Sources(
        data_bucket=settings.data_bucket,
        history=History(tables, settings.history_table, settings.size_index),
        ledger=Ledger(tables, settings.ledger_table, threads),
        pictures=PlotBucket(session.client("s3", config=_TABLES), settings.plot_bucket, settings.data_bucket),
        queue=TrackingQueue(session.client("sqs", config=_QUEUE), settings.queue_url),
        threads=threads,
        release=os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", ""),
    )
