"""A service that hangs costs only messages that SQS delivers again, in time, and never the others of the batch."""

import uuid

import boto3
import pytest

from size_history import items
from size_history.budgets import LANDING_SECONDS, TRACKER
from size_history.items import State, Totals
from size_history.messages import ReconcileRequest, ReconcileStep, Watch, WatchEveryBucket
from size_history.sources import Source
from size_tracking import reconciler
from size_tracking.handler import wire
from size_tracking.settings import Settings
from tests.engine import client_of, create_tables, running_engine
from tests.hanging import Invocation, hanging_proxy, shrink
from tests.integration.size_tracking.world import event, record

__all__ = ["shrink"]

OTHERS = ("data", "hangs", *(f"hangs-{number}" for number in range(8)))


@pytest.fixture(scope="module")
def engine():
    """Yield the URL of an engine that knows EventBridge too."""
    with running_engine("dynamodb,s3,sqs,events,sts") as engine:
        yield engine.url


@pytest.fixture
def ledger(engine):
    """Return a function that returns a bucket's bytes and objects; every bucket is tracked, live and empty."""
    dynamodb = client_of(engine)
    for table in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName=table)
    tables = create_tables(dynamodb)
    for bucket in OTHERS:
        totals = Totals(0, 0, 0, 0, 0, 0, 0, 1, State.LIVE)
        for item in (totals.to_item(bucket), Source(since=1).to_item(bucket)):
            dynamodb.put_item(TableName=tables.ledger, Item=item)

    def weight(bucket):
        row = dynamodb.get_item(TableName=tables.ledger, Key=items.totals_key(bucket))
        found = Totals.from_item(row["Item"])
        return found.size, found.count

    return weight


@pytest.fixture
def proxy(engine, monkeypatch):
    """Yield a proxy through which the tracker reaches everything; each bucket has the objects `0` to `47`."""
    s3 = client_of(engine, "s3")
    for bucket in OTHERS:
        s3.create_bucket(Bucket=bucket)
        for number in range(48 if bucket == "hangs" else 6):
            s3.put_object(Bucket=bucket, Key=str(number), Body=b"1234567")
    with hanging_proxy(engine) as proxy:
        environ = {"AWS_ENDPOINT_URL": proxy.url, "AWS_DEFAULT_REGION": "us-east-1"}
        for name, value in {**environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}.items():
            monkeypatch.setenv(name, value)
        yield proxy


@pytest.fixture
def invoke(engine, ledger, proxy, shrink, monkeypatch):
    """Return a function that processes records in a new execution environment, with all times divided."""
    queue = client_of(engine, "sqs").create_queue(QueueName=f"queue-{uuid.uuid4().hex}")["QueueUrl"]

    def invoke(*records, remaining_ms=None, factor=3):
        budget = shrink(TRACKER, factor)
        monkeypatch.setattr(reconciler, "LANDING_SECONDS", LANDING_SECONDS / factor)
        settings = Settings("history", "ledger", queue.replace(engine, proxy.url), frozenset(OTHERS))
        batch = wire(settings, boto3.Session(), budget=budget)
        invocation = Invocation(budget)
        left = invocation.context.get_remaining_time_in_millis() if remaining_ms is None else remaining_ms
        failed = batch.handle(records, remaining_ms=left)
        invocation.assert_not_killed()
        return failed

    return invoke


def events(bucket, count=3):
    return [event(str(number), bucket=bucket, message_id=f"{bucket}/{number}") for number in range(count)]


def ids(records):
    return [each["messageId"] for each in records]


def hangs_in_buckets(prefix):
    """Return a rule by which S3 hangs for buckets with this prefix."""
    return lambda operation, path: operation.startswith("s3.") and path.startswith(f"/{prefix}")


def test_a_bucket_that_hangs_does_not_starve_the_others(invoke, proxy, ledger):
    proxy.hangs = hangs_in_buckets("hangs")
    hanging = events("hangs", 48)

    failed = invoke(*hanging, *events("data"))

    assert sorted(failed) == sorted(ids(hanging))
    assert ledger("data") == (21, 3)


def test_many_buckets_that_hang_are_handed_back_in_time(invoke, proxy):
    proxy.hangs = hangs_in_buckets("hangs")
    records = [each for bucket in OTHERS if bucket != "data" for each in events(bucket, 6)]

    assert sorted(invoke(*records)) == sorted(ids(records))


def test_a_key_that_hangs_does_not_keep_its_neighbours_from_being_committed(invoke, proxy, ledger):
    proxy.hangs = lambda operation, path: operation == "s3.HEAD" and path == "/data/1"

    failed = invoke(*events("data"), *events("hangs"))

    assert failed == ["data/1"]
    assert ledger("data") == (14, 2)
    assert ledger("hangs") == (21, 3)


def test_a_step_that_hangs_does_not_keep_another_bucket_from_its_reconcile(invoke, proxy, ledger):
    proxy.hangs = hangs_in_buckets("hangs")
    begin = [record(ReconcileRequest(bucket), bucket) for bucket in ("hangs", "data")]
    assert invoke(*begin) == []

    steps = [record(ReconcileStep(bucket, run_of(proxy, bucket), ""), bucket) for bucket in ("hangs", "data")]

    assert invoke(*steps) == ["hangs"]
    assert ledger("data") == (42, 6)


def run_of(proxy, bucket):
    """Return the id of a bucket's reconcile run."""
    found = client_of(proxy.target).get_item(TableName="ledger", Key=items.reconcile_key(bucket))
    return found["Item"]["run_id"]["S"]


@pytest.mark.parametrize(
    "message",
    [ReconcileRequest("data"), ReconcileStep("data", "run", ""), Watch(("data",)), WatchEveryBucket()],
)
def test_nothing_is_begun_in_the_reserve(invoke, proxy, message):
    reserve_ms = round(1000 * TRACKER.reserve_seconds / 3)

    for remaining_ms in (0, reserve_ms - 100):
        records = [*events("data"), record(message, "message")]
        assert sorted(invoke(*records, remaining_ms=remaining_ms)) == sorted(ids(records))

    assert proxy.requests == []


def test_every_kind_of_request_may_hang(invoke, proxy):
    def batch():
        return [
            *events("data"),
            record(ReconcileRequest("data"), "request"),
            record(Watch(("data",)), "watch"),
            record(WatchEveryBucket(), "watch every"),
        ]

    assert invoke(*batch()) == []
    made = list(dict.fromkeys(proxy.requests))
    assert {name.partition(".")[0] for name in made} == {"dynamodb", "s3", "sqs", "events"}

    for hanging in made:
        proxy.hangs = lambda operation, _, hanging=hanging: operation == hanging
        assert invoke(*batch(), factor=8) != [], hanging
