"""One batch: which messages go back to the queue, and what the log and the metrics say."""

import json

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from size_history.budgets import TRACKER
from size_history.messages import (
    ReconcileEveryBucket,
    ReconcileRequest,
    ReconcileStep,
    Watch,
    WatchEveryBucket,
)
from size_history.sources import Hearing, Source
from size_tracking.observer import RefusedError
from size_tracking.reconciler import RunMovedError, StepFailedError
from size_tracking.step_queue import UnsentError
from size_tracking.watcher import CheckFailedError
from tests.stateful.memory import failure
from tests.unit.size_tracking.parts import LIVE, NOW, SECOND, Parts, event

RESERVE_MS = round(TRACKER.reserve_seconds * 1000)


@pytest.fixture
def parts():
    made = Parts()
    made.track()
    return made


def records(caplog, level):
    return [record for record in caplog.records if record.levelname == level]


def metrics(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_change_is_recorded_and_its_message_acknowledged(parts):
    parts.put("k", 5)

    assert parts.handle(event("k")) == []

    assert (parts.totals().size, parts.totals().created, len(parts.samples())) == (5, 1, 1)


def test_all_events_of_a_key_cost_one_head(parts):
    parts.put("k", 5)

    assert parts.handle(event("k"), event("k"), event("k", time="2026-01-01T00:00:00Z"), event("l")) == []

    assert len(parts.requests("head_object")) == 2
    assert len(parts.requests("transact_write_items")) == 1


def test_buckets_are_kept_apart(parts):
    parts.track("other")
    parts.put("k", 5)
    parts.put("k", 7, bucket="other")

    assert parts.handle(event("k"), event("k", bucket="other")) == []

    assert (parts.totals().size, parts.totals("other").size) == (5, 7)


def test_events_are_processed_before_other_messages(parts):
    parts.put("k", 5)

    parts.handle(ReconcileRequest("data").to_json(), event("k"))

    order = parts.requests("head_object", "send_message")
    assert order == ["head_object", "send_message"]


def test_a_malformed_message_goes_back_alone(parts, caplog):
    assert parts.handle("{", event("k"), "[]") == ["m0", "m2"]

    first, second = records(caplog, "ERROR")
    assert first.getMessage().startswith(
        "message m0 is malformed, it goes to the dead-letter queue: the body is not JSON"
    )
    assert not first.exc_info
    assert "m2" in second.getMessage()


def test_events_of_an_untracked_bucket_are_acknowledged_with_one_line_and_without_a_metric(
    parts, caplog, capsys
):
    """Anybody can name a bucket: each name would be a metric that somebody pays for."""
    caplog.set_level("INFO")
    bodies = [event(f"k{number}", bucket="stranger") for number in range(60)]

    assert parts.handle(*bodies) == []

    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage() == (
        "the events of 60 keys are dropped: bucket stranger is not tracked: make track BUCKET=stranger"
    )
    assert capsys.readouterr().out == ""
    assert parts.requests("head_object", "transact_write_items", "send_message", "put_item") == []


def test_events_of_a_bucket_that_is_being_untracked_are_dropped(parts):
    parts.track("leaving", Source(since=1, hearing=Hearing.LEAVING))
    parts.put("k", 5, bucket="leaving")

    assert parts.handle(event("k", bucket="leaving")) == []

    assert parts.totals("leaving") == LIVE


@pytest.mark.parametrize("message", [ReconcileRequest("stranger"), ReconcileRequest("data", 3)])
def test_a_request_for_a_bucket_that_is_not_tracked_is_dropped_with_one_line(caplog, message):
    parts = Parts()

    assert parts.handle(message.to_json()) == []

    (record,) = records(caplog, "WARNING")
    assert record.getMessage() == (
        f"a message is dropped (ReconcileRequest): bucket {message.bucket} is not tracked: "
        f"make track BUCKET={message.bucket}"
    )
    assert parts.requests("put_item", "send_message", "transact_write_items") == []


def test_a_tracked_bucket_that_does_not_exist_is_not_adopted(parts, caplog):
    parts.track("away", totals=None)
    parts.path.absent = {"away"}

    assert parts.handle(event("k", bucket="away"), ReconcileRequest("away").to_json()) == []

    lines = [record.getMessage() for record in records(caplog, "WARNING")]
    assert len(lines) == 2
    assert all("away is to be tracked but does not exist: make untrack BUCKET=away" in line for line in lines)
    assert parts.totals("away") is None
    assert parts.requests("put_item", "send_message") == []


def test_a_key_that_failed_goes_back_with_all_its_messages_and_the_others_do_not(parts, caplog):
    parts.put("good", 5)

    def refuse(operation, request):
        if operation == "head_object" and request["Key"] == "bad":
            raise failure("s3", "HeadObject", "500", 500)

    parts.s3.before = refuse

    assert parts.handle(event("bad"), event("good"), event("bad")) == ["m0", "m2"]

    (record,) = records(caplog, "ERROR")
    assert record.getMessage().startswith("key 'bad' of bucket data goes back to the queue: ClientError: ")
    assert parts.totals().size == 5


FORESEEN = [
    ReadTimeoutError(endpoint_url="s3"),
    ClientError({"Error": {"Code": "500", "Message": "no"}}, "PutItem"),
    CheckFailedError("x"),
    RefusedError("x"),
    RunMovedError("x"),
    StepFailedError("x"),
    UnsentError("x"),
]


@pytest.mark.parametrize("error", FORESEEN, ids=lambda error: type(error).__name__)
def test_a_foreseen_error_is_one_line_and_sends_the_message_back(parts, caplog, error):
    def refuse(operation, _):
        raise error

    parts.sqs.before = refuse

    assert parts.handle(WatchEveryBucket().to_json()) == ["m0"]

    (record,) = records(caplog, "ERROR")
    assert (
        f"message m0 (WatchEveryBucket()) goes back to the queue: {type(error).__name__}: "
        in record.getMessage()
    )
    assert not record.exc_info


def test_an_error_that_nobody_foresaw_has_a_trace(parts, caplog):
    def refuse(operation, _):
        raise ZeroDivisionError("a bug")

    parts.sqs.before = refuse

    assert parts.handle(WatchEveryBucket().to_json()) == ["m0"]

    (record,) = records(caplog, "ERROR")
    assert record.exc_info[0] is ZeroDivisionError


MESSAGES = [
    event("k"),
    ReconcileEveryBucket().to_json(),
    ReconcileRequest("data").to_json(),
    ReconcileStep("data", "r", "").to_json(),
    WatchEveryBucket().to_json(),
    Watch(("data",)).to_json(),
]


@pytest.mark.parametrize("remaining_ms", [RESERVE_MS, RESERVE_MS - 1, 0])
@pytest.mark.parametrize("body", MESSAGES)
def test_nothing_is_begun_in_the_reserve(parts, caplog, body, remaining_ms):
    assert parts.handle(body, remaining_ms=remaining_ms) == ["m0"]

    assert parts.journal == []
    (record,) = records(caplog, "ERROR")
    assert record.getMessage().endswith((" before it began", " before ReadRows began"))
    assert not record.exc_info


@pytest.mark.parametrize("body", MESSAGES)
def test_every_kind_of_message_is_processed_before_the_reserve(parts, body):
    assert parts.handle(body, remaining_ms=RESERVE_MS + 10_000) == []

    assert parts.journal


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (ReconcileEveryBucket(), {"tidemark": "reconcile", "bucket": "data", "page_size": 1000}),
        (
            ReconcileRequest("data"),
            {"tidemark": "reconcile", "bucket": "data", "run_id": "run0", "cursor": ""},
        ),
        (WatchEveryBucket(), {"tidemark": "watch", "buckets": ["data"]}),
    ],
)
def test_a_message_of_ours_leads_to_the_next_one(parts, body, sent):
    assert parts.handle(body.to_json()) == []

    assert parts.sent()[0] == (sent, 0)


def test_a_request_has_its_own_page_size(parts):
    parts.handle(ReconcileRequest("data", 7).to_json())

    assert parts.ledger.run("data").page_size == 7


def test_a_bucket_for_which_s3_is_slow_leaves_time_for_the_others(parts):
    for name in ("slow", "one", "two"):
        parts.track(name)
        parts.put("k", 5, bucket=name)

    def wait(operation, request):
        if operation == "head_object" and request["Bucket"] == "slow":
            parts.time.now += 6 * SECOND

    parts.s3.before = wait
    keys = [event(f"k{number:02}", bucket="slow") for number in range(100)]

    failed = parts.handle(*keys, event("k", bucket="one"), event("k", bucket="two"), remaining_ms=30_000)

    assert failed
    assert {*failed} <= {f"m{number}" for number in range(100)}


def test_a_share_is_never_too_short_for_one_attempt(parts):
    parts.handle(remaining_ms=RESERVE_MS + 20_000)

    lengths = [(parts.batch._share(number) - parts.time.now) / SECOND for number in (1, 2, 1000)]

    longest = max(client.attempt_seconds for client in TRACKER.clients.values())
    assert lengths == pytest.approx([20, 10, longest], abs=0.001)


def test_the_shares_of_the_messages_that_are_left_grow(parts, monkeypatch):
    asked = []
    share = type(parts.deadline).share
    monkeypatch.setattr(
        type(parts.deadline),
        "share",
        lambda self, number, *, at_least: (
            asked.append((number, at_least)) or share(self, number, at_least=at_least)
        ),
    )
    parts.track("other")

    parts.handle(
        event("k"), event("k", bucket="other"), WatchEveryBucket().to_json(), Watch(("data",)).to_json()
    )

    longest = max(client.attempt_seconds for client in TRACKER.clients.values())
    assert asked == [(4, longest), (3, longest), (2, longest), (1, longest)]


def test_the_metrics_tell_the_size_the_lag_in_whole_milliseconds_and_the_conflicts(parts, capsys):
    parts.put("k", 5)
    at = "2027-01-15T07:59:58Z"  # two seconds before NOW

    parts.handle(event("k", time=at), event("k"), event("k", time="2027-01-15T09:00:00Z"))

    (record,) = metrics(capsys)
    assert (record["Bucket"], record["TotalSize"], record["ObjectCount"]) == ("data", 5, 1)
    assert record["EventLag"] == [2000, 0]
    assert record["CommitConflicts"] == 0
    assert record["_aws"]["Timestamp"] == NOW // 1000
    units = {each["Name"]: each["Unit"] for each in record["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert units == {
        "TotalSize": "Bytes",
        "ObjectCount": "Count",
        "EventLag": "Milliseconds",
        "CommitConflicts": "Count",
    }


def test_a_record_has_at_most_100_lags(parts, capsys):
    parts.handle(*[event("k", time="2027-01-15T07:59:58Z")] * 150)

    (record,) = metrics(capsys)
    assert len(record["EventLag"]) == 100


def test_a_key_that_failed_has_no_lag_and_an_unchanged_one_no_size(parts, capsys):
    def refuse(operation, request):
        if request["Key"] == "bad":
            raise failure("s3", "HeadObject", "500", 500)

    parts.s3.before = refuse

    parts.handle(event("bad", time="2027-01-15T07:59:58Z"), event("absent"))

    (record,) = metrics(capsys)
    assert set(record) == {"_aws", "Bucket", "CommitConflicts"}


def test_the_log_counts_keys_changes_and_failures(parts, caplog):
    caplog.set_level("INFO")
    parts.put("k", 5)

    parts.handle(event("k"), event("l"))

    assert "tracked bucket=data keys=2 changed=1 failed=0" in [each.getMessage() for each in caplog.records]
