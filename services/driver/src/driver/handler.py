"""The Lambda entry point: one demonstration per call, then its plot."""

import functools
import logging
import os
from typing import Any

import boto3
from botocore.config import Config

from driver.demonstration import Demonstration
from driver.history import Clock, History
from driver.plot import PlotError, SignedRequest, request_plot
from driver.settings import Settings
from size_history import budgets, times
from size_history.deadline import Deadline
from size_history.items import Sample

logging.getLogger().setLevel(logging.INFO)
log = logging.getLogger(__name__)

BUDGET = budgets.DRIVER
MAX_LEAD_MICROSECONDS = 30_000_000
"""Maximum time that the plot shows before the demonstration: an older baseline would squeeze the changes together."""


def handler(_event: object, context: Any) -> dict[str, Any]:
    """Run the demonstration and return `history` and `plot`.

    `history` is the baseline and a sample per change (time in ISO-8601 UTC, bytes, objects); `plot` is the API's status,
    the picture's bucket and key, and the two high-water lines in bytes.
    """
    settings, session, clock = _settings(), _session(), Clock()
    began = clock.now()
    deadline = Deadline(clock.now)
    deadline.allow(context.get_remaining_time_in_millis() / 1000 - BUDGET.reserve_seconds)
    history = History(
        _client(session, "dynamodb", deadline),
        history_table=settings.history_table,
        ledger_table=settings.ledger_table,
        bucket=settings.data_bucket,
        deadline=deadline,
        clock=clock,
    )
    samples = Demonstration(
        s3=_client(session, "s3", deadline),
        sqs=_client(session, "sqs", deadline),
        queue_url=settings.queue_url,
        bucket=settings.data_bucket,
        history=history,
        pause_seconds=settings.pause_seconds,
    ).run()
    log.info("history %s", " -> ".join(str(sample.total_size) for sample in samples))
    since = max(samples[0].time, began - MAX_LEAD_MICROSECONDS)
    return {
        "history": [_shown(sample) for sample in samples],
        "plot": _plot(settings, session, times.to_text(since)),
    }


def _client(session: boto3.Session, service: Any, deadline: Deadline) -> Any:
    client = session.client(service, config=Config(**BUDGET.clients[service].config()))
    deadline.bind(client)
    return client


def _plot(settings: Settings, session: boto3.Session, since: str) -> dict[str, Any]:
    credentials = session.get_credentials()
    if credentials is None:
        raise PlotError("plot: the function has no credentials to sign the request with")
    auth = SignedRequest(credentials, session.region_name)
    status, answer = request_plot(
        settings.api_url, auth=auth, bucket=settings.data_bucket, since=since, limits=BUDGET.afterwards["api"]
    )
    plot = {name: answer["plot"][name] for name in ("bucket", "key")}
    maxima = {name: answer[name] for name in ("bucket_maximum", "any_bucket_maximum")}
    return {"status": status, **plot, **maxima}


def _shown(sample: Sample) -> dict[str, Any]:
    time_ = times.to_text(sample.time)
    return {"time": time_, "total_size": sample.total_size, "object_cnt": sample.object_cnt}


@functools.cache
def _settings() -> Settings:
    return Settings.from_env(os.environ)


@functools.cache
def _session() -> boto3.Session:
    return boto3.Session()
