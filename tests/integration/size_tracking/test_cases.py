"""The whole tracker, as its function wires it, with S3, DynamoDB, SQS and EventBridge in one engine: what may go wrong outside."""

import json
import logging
import time
import uuid
from contextlib import contextmanager
from types import SimpleNamespace

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from size_history import items
from size_history.messages import OBJECT_EVENTS, ReconcileRequest, ReconcileStep, WatchEveryBucket
from size_history.sources import RECOVERY_MICROSECONDS, Hearing, Source, Status, status_of
from size_tracking.handler import wire
from size_tracking.ledger import Ledger
from size_tracking.settings import Settings
from size_tracking.tracker import Clock
from tests.engine import client_of
from tests.integration.size_tracking.world import event
from tests.waiting import until


@pytest.fixture
def tracking(aws_endpoint, tables, dynamodb, s3, sqs, monkeypatch, caplog):
    """Return a tracked bucket that is live, its tracker, and its queue with a rule."""
    caplog.set_level(logging.WARNING, "size_tracking")  # random histories, in the same process, silence it
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_endpoint)
    made = Tracking(aws_endpoint, tables, dynamodb, s3, sqs)
    made.track()
    made.ask(ReconcileRequest(made.bucket))
    made.drain()
    assert made.state() is Status.LIVE
    return made


class Tracking:
    """The parts of one deployment. `ahead` is how far the tracker's clock is ahead of this machine's, in microseconds."""

    def __init__(self, endpoint, tables, dynamodb, s3, sqs):
        unique = uuid.uuid4().hex[:8]
        self.bucket = f"case-{unique}"
        self.s3, self.sqs, self._dynamodb, self._tables = s3, sqs, dynamodb, tables
        self.events = client_of(endpoint, "events")
        s3.create_bucket(Bucket=self.bucket)
        self.send_events(self.bucket)
        self.queue = sqs.create_queue(QueueName=f"case-{unique}")["QueueUrl"]
        self._route(unique)
        self.ahead = 0
        session = boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
        )
        clock = Clock(now=self.now)
        settings = Settings(tables.history, tables.ledger, self.queue, frozenset({"data-bucket"}))
        self.tracker = wire(settings, session, clock)
        self.ledger = Ledger(dynamodb, ledger_table=tables.ledger, history_table=tables.history)

    def now(self):
        return time.time_ns() // 1000 + self.ahead

    def send_events(self, bucket):
        self.s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )

    def mute(self):
        """Let no event tell of the bucket's changes from now on."""
        self.s3.put_bucket_notification_configuration(Bucket=self.bucket, NotificationConfiguration={})

    def _route(self, unique):
        pattern = {"source": ["aws.s3"], "detail-type": [*OBJECT_EVENTS]}
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        queue_arn = arn["Attributes"]["QueueArn"]
        rule = self.events.put_rule(Name=f"rule-{unique}", EventPattern=json.dumps(pattern))["RuleArn"]
        admitted = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [admitted]})
        self.sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"Policy": policy})
        self.events.put_targets(Rule=f"rule-{unique}", Targets=[{"Id": "queue", "Arn": queue_arn}])

    def track(self):
        source = Source(since=self.now())
        self._dynamodb.put_item(TableName=self._tables.ledger, Item=source.to_item(self.bucket))

    def ask(self, message):
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=message.to_json())

    def receive(self):
        """Let the tracker process what the queue gives, and return whether there was anything. Nothing may come back."""
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        messages = answer.get("Messages", [])
        records = [{"messageId": each["MessageId"], "body": each["Body"]} for each in messages]
        assert self.tracker.handle(records, remaining_ms=60_000) == []
        for each in messages:
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
        return bool(messages)

    def drain(self):
        while self.receive():
            pass

    def state(self):
        header = self.ledger.header(self.bucket)
        return status_of(header.totals, header.source, self.now()).state

    def weight(self):
        totals = self.ledger.header(self.bucket).totals
        return totals.size, totals.count

    def run(self):
        return self.ledger.run(self.bucket)

    @contextmanager
    def refusing(self, *keys, listing=False):
        """Let S3 refuse HEAD for these keys, and their listing too."""

        def refuse(request, **_):
            heads = request.method == "HEAD" and any(request.url.endswith(f"/{key}") for key in keys)
            lists = listing and any(f"prefix={key}&" in f"{request.url}&" for key in keys)
            if not (heads or lists):
                return None
            body = b"" if heads else b"<Error><Code>AccessDenied</Code><Message>denied</Message></Error>"
            raw = SimpleNamespace(stream=lambda *_, **__: iter([body]), content=body)
            return AWSResponse(request.url, 403, {}, raw)

        client = self.tracker.tracker.observer._client
        client.meta.events.register("before-send.s3", refuse)
        try:
            yield
        finally:
            client.meta.events.unregister("before-send.s3", refuse)


def test_an_event_of_a_bucket_that_never_existed_is_acknowledged_and_logged_and_tracks_nothing(
    tracking, dynamodb, tables, caplog
):
    with caplog.at_level(logging.WARNING, "size_tracking"):
        failed = tracking.tracker.handle([event("k", bucket="never-was")], remaining_ms=60_000)

    assert failed == []
    (line,) = [record.getMessage() for record in caplog.records]
    assert "never-was" in line
    assert "make track" in line
    ledger = dynamodb.scan(TableName=tables.ledger, ConsistentRead=True)["Items"]
    assert not [item for item in ledger if "never-was" in str(item)]


def test_a_named_bucket_that_does_not_exist_is_not_adopted_by_its_event(tracking, caplog):
    """The settings name it, so the message alone is not the reason."""
    assert tracking.tracker.handle([event("k", bucket="data-bucket")], remaining_ms=60_000) == []

    assert "data-bucket" in caplog.text
    assert tracking.ledger.header("data-bucket").totals is None


def test_a_deleted_bucket_is_gone_and_its_successor_is_heard_when_it_sends_events(tracking):
    bucket = tracking.bucket
    tracking.ask(WatchEveryBucket())
    tracking.drain()
    created = tracking.ledger.header(bucket).source.created
    assert created
    tracking.s3.delete_bucket(Bucket=bucket)
    tracking.ask(WatchEveryBucket())
    tracking.drain()
    assert tracking.state() is Status.GONE

    time.sleep(1.1)  # a creation date is of whole seconds
    tracking.s3.create_bucket(Bucket=bucket)
    tracking.s3.put_object(Bucket=bucket, Key="successor", Body=b"." * 5000)
    tracking.ask(WatchEveryBucket())
    tracking.drain()
    assert tracking.state() is Status.DEAF
    assert f"make track BUCKET={bucket}" in tracking.ledger.header(bucket).source.reason

    tracking.send_events(bucket)
    tracking.ask(WatchEveryBucket())
    tracking.drain()
    assert tracking.state() is Status.RECOVERING
    assert tracking.weight() == (5000, 1)

    tracking.ahead = RECOVERY_MICROSECONDS + 60_000_000
    tracking.ask(ReconcileRequest(bucket))
    tracking.drain()
    source = tracking.ledger.header(bucket).source
    assert (tracking.state(), source.hearing) == (Status.LIVE, Hearing.HEARD)
    assert source.created > created


def test_a_bucket_made_anew_between_two_checks_is_recovering_until_a_reconcile_has_ended(tracking):
    bucket = tracking.bucket
    tracking.s3.put_object(Bucket=bucket, Key="before", Body=b"123")
    tracking.ask(ReconcileRequest(bucket))
    tracking.ask(WatchEveryBucket())
    tracking.drain()
    tracking.s3.delete_object(Bucket=bucket, Key="before")
    tracking.s3.delete_bucket(Bucket=bucket)
    time.sleep(1.1)
    tracking.s3.create_bucket(Bucket=bucket)
    tracking.send_events(bucket)

    tracking.ask(WatchEveryBucket())
    tracking.drain()

    assert tracking.state() is Status.RECOVERING
    assert "made anew" in tracking.ledger.header(bucket).source.reason
    assert tracking.weight() == (0, 0)


@pytest.mark.parametrize("known", [False, True], ids=["adopting", "live"])
def test_an_object_that_head_refuses_is_counted_from_the_listing(tracking, known):
    tracking.mute()
    if not known:
        untrack_totals(tracking)
    for key, size in (("open", 3), ("denied", 40), ("denied-not", 5)):
        tracking.s3.put_object(Bucket=tracking.bucket, Key=key, Body=b"." * size)

    with tracking.refusing("denied"):
        tracking.ask(ReconcileRequest(tracking.bucket))
        tracking.drain()

    assert tracking.state() is Status.LIVE
    assert tracking.weight() == (48, 3)
    assert tracking.run().refused == 0


def test_a_key_that_s3_does_not_list_either_is_reported_and_the_others_go_live(tracking, caplog, capsys):
    tracking.mute()
    untrack_totals(tracking)
    for key, size in (("open", 3), ("denied", 40), ("zebra", 5)):
        tracking.s3.put_object(Bucket=tracking.bucket, Key=key, Body=b"." * size)

    with tracking.refusing("denied", listing=True):
        tracking.ask(ReconcileRequest(tracking.bucket))
        tracking.drain()

    assert tracking.state() is Status.LIVE
    assert tracking.weight() == (8, 2)
    assert tracking.run().refused == 1
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "'denied'" in line
    printed = [
        json.loads(each) for each in capsys.readouterr().out.splitlines() if "ReconcileRefused" in each
    ]
    assert [each["ReconcileRefusedKeys"] for each in printed if each.get("Bucket") == tracking.bucket] == [1]

    tracking.ask(ReconcileRequest(tracking.bucket))
    tracking.drain()
    assert tracking.weight() == (48, 3)
    assert tracking.run().refused == 0


def test_a_run_that_is_asked_for_while_another_goes_on_finds_what_that_one_has_passed(tracking):
    bucket = tracking.bucket
    tracking.mute()
    for number in range(4):
        tracking.s3.put_object(Bucket=bucket, Key=f"k{number}", Body=b"12")
    tracking.ask(ReconcileRequest(bucket, page_size=2))
    tracking.receive()
    tracking.receive()
    assert tracking.run().cursor == "k1", "the first page is done"
    tracking.s3.put_object(Bucket=bucket, Key="a", Body=b"123")  # before the cursor, and no event tells of it

    tracking.ask(ReconcileRequest(bucket, page_size=2))
    tracking.drain()

    run = tracking.run()
    assert run.ended is not None
    assert not run.again
    assert tracking.weight() == (11, 5)


def test_an_event_of_an_object_that_head_refuses_is_recorded(tracking, samples):
    with tracking.refusing("denied"):
        tracking.s3.put_object(Bucket=tracking.bucket, Key="denied", Body=b"." * 40)
        until(lambda: tracking.receive() or tracking.weight()[1], "the event is processed")
        tracking.drain()

    assert tracking.weight() == (40, 1)
    assert samples(tracking.bucket)[-1].changed_keys == ("denied",)


def test_a_step_of_another_run_does_nothing(tracking):
    before = tracking.run()

    tracking.ask(ReconcileStep(tracking.bucket, "forged", ""))
    tracking.drain()

    assert tracking.run() == before


def untrack_totals(tracking):
    """Let the next request adopt the bucket, as if it were new."""
    key = items.totals_key(tracking.bucket)
    tracking._dynamodb.delete_item(TableName=tracking._tables.ledger, Key=key)
    tracking._dynamodb.delete_item(
        TableName=tracking._tables.ledger, Key=items.reconcile_key(tracking.bucket)
    )
    assert tracking.state() is Status.ADOPTING
