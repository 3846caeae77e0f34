"""A request that hangs makes the driver fail in time, and never lets Lambda kill it."""

import json
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest

from driver import handler as module
from driver.history import StepError
from driver.plot import PlotError
from driver.scenario import CHANGES, OBJECTS
from size_history import items
from size_history.budgets import DRIVER
from size_history.items import Sample, State, Totals
from tests.hanging import Invocation, hanging_proxy, shrink
from tests.servers import SilentHandler, serving

__all__ = ["shrink"]

PLOT = {"plot": {"bucket": "plots", "key": "plot"}, "bucket_maximum": 27, "any_bucket_maximum": 27}


class Api(SilentHandler):
    """Answers with a plot."""

    def do_POST(self):
        self.answer(200, json.dumps(PLOT).encode())


class Tracker:
    """Writes what a tracker would: the end of a reconcile, and a sample after each change."""

    def __init__(self, dynamodb, tables, bucket):
        self._dynamodb, self._tables, self._bucket = dynamodb, tables, bucket
        self._changes = iter(CHANGES)
        self._put(tables.ledger, Totals(0, 0, 0, 0, 0, 0, 0, 1, State.LIVE).to_item(bucket))
        self._sample(0, 0)

    def before(self, operation, _path, _body):
        if operation == "sqs.SendMessage":
            now = items.number(time.time_ns() // 1000)
            self._put(
                self._tables.ledger, {**items.reconcile_key(self._bucket), "started": now, "ended": now}
            )
        elif operation in {"s3.PUT", "s3.DELETE"}:
            change = next(self._changes)
            self._sample(change.size, change.count)

    def _sample(self, size, count):
        sample = Sample(self._bucket, time.time_ns() // 1000, size, count)
        self._put(self._tables.history, sample.to_item())

    def _put(self, table, item):
        self._dynamodb.put_item(TableName=table, Item=item)


@pytest.fixture
def run(monkeypatch, shrink, aws_endpoint, dynamodb, tables, s3, sqs):
    """Return a function that invokes the driver with requests of one kind hanging, and returns the kinds it made."""
    monkeypatch.setattr(module, "BUDGET", short(shrink(DRIVER, 10)))
    queue = sqs.create_queue(QueueName="driver")["QueueUrl"]
    s3.create_bucket(Bucket="driver")

    def run(hanging=None):
        for key in OBJECTS:
            s3.delete_object(Bucket="driver", Key=key)
        with ExitStack() as stack:
            api = stack.enter_context(serving(Api))
            proxy, api_proxy = (stack.enter_context(hanging_proxy(url)) for url in (aws_endpoint, api.url))
            proxy.before = Tracker(dynamodb, tables, "driver").before
            proxy.hangs = api_proxy.hangs = lambda operation, _: operation == hanging
            set_environment(
                monkeypatch, tables, proxy.url, queue.replace(aws_endpoint, proxy.url), api_proxy.url
            )
            invocation = Invocation(module.BUDGET)
            try:
                module.handler({}, invocation.context)
            finally:
                invocation.assert_not_killed()
                made = dict.fromkeys([*proxy.requests, *api_proxy.requests])
        return list(made)

    yield run
    forget()


def short(budget):
    """Return a budget with time for the demonstration, however busy the machine is."""
    return replace(budget, timeout_seconds=60)


def set_environment(monkeypatch, tables, endpoint, queue_url, api_url):
    environ = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "DATA_BUCKET": "driver",
        "HISTORY_TABLE": tables.history,
        "LEDGER_TABLE": tables.ledger,
        "QUEUE_URL": queue_url,
        "API_URL": api_url,
        "DRIVER_PAUSE_SECONDS": "0.01",
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    forget()


def forget():
    module._settings.cache_clear()
    module._session.cache_clear()


def test_every_kind_of_request_may_hang(run):
    made = run()
    assert {name.partition(".")[0] for name in made} == {"dynamodb", "s3", "sqs", "api"}

    for hanging in made:
        with pytest.raises((StepError, PlotError), match=r"^[\w .]+: .*((?i:timeout|timed out)|out of time)"):
            run(hanging)
