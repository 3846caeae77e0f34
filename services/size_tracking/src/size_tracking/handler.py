"""The Lambda entry point: wiring on the first call, then one batch per call."""

import functools
import logging
import os
from typing import Any

import boto3
from botocore.config import Config

from size_history.budgets import TRACKER, Function
from size_history.deadline import Deadline
from size_tracking import trace
from size_tracking.batch import Batch
from size_tracking.event_path import EventPath
from size_tracking.ledger import Ledger
from size_tracking.observer import OBSERVERS, Observer
from size_tracking.recomputer import Recomputer
from size_tracking.reconciler import Reconciler, RunStarter
from size_tracking.settings import Settings
from size_tracking.step_queue import StepQueue
from size_tracking.tracked import Tracked
from size_tracking.tracker import Clock, Tracker
from size_tracking.watcher import Watcher

logging.getLogger().setLevel(logging.INFO)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Process one SQS batch and return the messages that must go back to the queue (`batchItemFailures`)."""
    records = event.get("Records")
    if not isinstance(records, list):
        raise TypeError("size-tracking is invoked by its queue: the event has no list of Records")
    failed = _wired().handle(records, remaining_ms=context.get_remaining_time_in_millis())
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


@functools.cache
def _wired() -> Batch:
    """Create the clients once per execution environment, and turn the trace of commits on."""
    trace.log.setLevel(logging.DEBUG)
    return wire(Settings.from_env(os.environ), boto3.Session())


def wire(
    settings: Settings, session: "boto3.Session", clock: Clock | None = None, budget: Function = TRACKER
) -> Batch:
    """Connect the parts to the clients of one session."""
    clock, tracked = clock or Clock(), Tracked(settings.tracked_buckets)
    deadline = Deadline(clock.now)

    def client(service: Any) -> Any:
        config = Config(max_pool_connections=OBSERVERS, **budget.clients[service].config())
        made = session.client(service, config=config)
        deadline.bind(made)
        return made

    s3, sqs = client("s3"), client("sqs")
    ledger = Ledger(
        client("dynamodb"),
        ledger_table=settings.ledger_table,
        history_table=settings.history_table,
        sample_retention_days=settings.sample_retention_days,
    )
    observer = Observer(s3)
    event_path = EventPath(s3, client("events"), sqs, settings.queue_url)
    steps = StepQueue(sqs, settings.queue_url)
    run_starter = RunStarter(ledger=ledger, event_path=event_path, steps=steps, clock=clock, tracked=tracked)
    tracker = Tracker(
        ledger=ledger,
        observer=observer,
        adopt=run_starter.adopt,
        clock=clock,
        tracked=tracked,
        deadline=deadline,
    )
    reconciler = Reconciler(ledger, observer, steps, tracker, run_starter, clock)
    recomputer = Recomputer(ledger, steps, clock, tracked, settings.sample_retention_days)
    watcher = Watcher(ledger, event_path, steps, clock, tracked)
    return Batch(tracker, reconciler, recomputer, watcher, clock, budget)
