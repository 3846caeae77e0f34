"""The wiring, and the form of the answer."""

import time

import boto3
import pytest

from size_history.budgets import TRACKER
from size_history.deadline import OutOfTimeError
from size_tracking import batch, handler, reconciler, trace, watcher
from size_tracking.observer import OBSERVERS
from size_tracking.settings import Settings, SettingsError
from tests.unit.size_tracking.parts import PassingTime

SETTINGS = Settings("history", "ledger", "url", frozenset({"data"}))


class Context:
    def get_remaining_time_in_millis(self):
        return 1234


class Batch:
    def handle(self, records, *, remaining_ms):
        self.asked = (records, remaining_ms)
        return ["m1", "m3"]


@pytest.fixture(scope="module")
def wired():
    session = boto3.Session("x", "x", region_name="us-east-1")
    return handler.wire(SETTINGS, session, PassingTime().clock())


def clients(wired):
    path = wired.watcher.event_path
    return {
        "s3": path.s3,
        "events": path.events,
        "sqs": path.sqs,
        "dynamodb": wired.tracker.ledger.client,
    }


def test_the_answer_names_the_messages_that_go_back(monkeypatch):
    made = Batch()
    monkeypatch.setattr(handler, "_wired", lambda: made)

    answer = handler.handler({"Records": [1, 2, 3]}, Context())

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m3"}]}
    assert made.asked == ([1, 2, 3], 1234)


@pytest.mark.parametrize("event", [{}, {"Records": None}, {"Records": {}}, {"detail": {}}])
def test_an_event_that_is_no_batch_is_refused_with_the_reason(event):
    with pytest.raises(
        TypeError, match=r"^size-tracking is invoked by its queue: the event has no list of Records$"
    ):
        handler.handler(event, Context())


def test_the_first_call_wires_and_later_ones_reuse_it(monkeypatch):
    made = []
    monkeypatch.setattr(
        handler, "wire", lambda settings, session: made.append((settings, session)) or Batch()
    )
    for name, value in {
        "HISTORY_TABLE": "h",
        "LEDGER_TABLE": "l",
        "QUEUE_URL": "u",
        "TRACKED_BUCKETS": "b",
    }.items():
        monkeypatch.setenv(name, value)
    handler._wired.cache_clear()

    try:
        handler.handler({"Records": []}, Context())
        handler.handler({"Records": []}, Context())
    finally:
        handler._wired.cache_clear()

    ((settings, session),) = made
    assert settings == Settings("h", "l", "u", frozenset({"b"}))
    assert isinstance(session, boto3.Session)


def test_a_function_without_its_settings_says_so_at_every_call(monkeypatch):
    monkeypatch.delenv("QUEUE_URL", raising=False)
    handler._wired.cache_clear()

    for _ in range(2):
        with pytest.raises(SettingsError, match="QUEUE_URL"):
            handler.handler({"Records": []}, Context())


def test_every_client_has_the_limits_of_the_budget(wired):
    found = clients(wired)

    assert set(found) == set(TRACKER.clients)
    for name, client in found.items():
        limits, config = TRACKER.clients[name], client.meta.config
        assert client.meta.service_model.service_name == name
        assert (config.connect_timeout, config.read_timeout) == (limits.connect_seconds, limits.read_seconds)
        assert config.retries["mode"] == "standard"
        assert config.retries["total_max_attempts"] == limits.attempts
        assert config.max_pool_connections == OBSERVERS == 16


def test_no_client_begins_a_request_after_the_deadline(wired):
    deadline = wired.tracker.deadline
    deadline.allow(0)

    for request in (
        lambda: clients(wired)["s3"].head_object(Bucket="b", Key="k"),
        lambda: clients(wired)["sqs"].send_message(QueueUrl="https://q.invalid/1/q", MessageBody="m"),
        clients(wired)["events"].list_rules,
        lambda: clients(wired)["dynamodb"].get_item(TableName="t", Key={"k": {"S": "v"}}),
    ):
        with pytest.raises(OutOfTimeError):
            request()


def test_the_parts_share_what_they_have_to(wired):
    starter, tracker = wired.reconciler.run_starter, wired.tracker
    assert tracker.ledger.ledger_table == "ledger"
    assert tracker.ledger.history_table == "history"
    assert tracker.adopt == starter.adopt
    assert tracker.tracked is starter.tracked is wired.watcher.tracked
    assert tracker.tracked.named == {"data"}
    assert wired.reconciler.tracker is tracker
    assert starter.event_path is wired.watcher.event_path
    assert wired.watcher.event_path.queue_url == wired.reconciler.steps._queue_url == "url"
    assert wired.reconciler.steps._client is wired.watcher.event_path.sqs
    assert tracker.observer._client is wired.watcher.event_path.s3
    assert wired.budget is TRACKER
    ledgers = {id(each.ledger) for each in (tracker, wired.reconciler, starter, wired.watcher)}
    clocks = {id(each.clock) for each in (tracker, wired.reconciler, starter, wired.watcher, wired)}
    steps = {id(each.steps) for each in (wired.reconciler, starter, wired.watcher)}
    assert [len(each) for each in (ledgers, clocks, steps)] == [1, 1, 1]
    assert tracker.deadline._now == wired.clock.now
    assert wired.reconciler.observer is tracker.observer


def test_every_line_of_the_log_names_its_module():
    assert [module.log.name for module in (batch, reconciler, trace, watcher)] == [
        "size_tracking.batch",
        "size_tracking.reconciler",
        "size_tracking.trace",
        "size_tracking.watcher",
    ]


def test_a_function_has_the_real_clock_unless_a_test_says_otherwise(monkeypatch):
    session = boto3.Session("x", "x", region_name="us-east-1")

    clock = handler.wire(SETTINGS, session).clock

    monkeypatch.setattr("time.time_ns", lambda: 1_800_000_000_123_456_789)
    assert clock.now() == 1_800_000_000_123_456
    assert clock.sleep is time.sleep


def test_the_clients_and_the_batch_keep_to_the_budget_that_they_are_given():
    budget = TRACKER.shrunk(10)
    session = boto3.Session("x", "x", region_name="us-east-1")

    wired = handler.wire(SETTINGS, session, budget=budget)

    assert wired.budget is budget
    for name, client in clients(wired).items():
        assert client.meta.config.read_timeout == budget.clients[name].read_seconds


def test_every_run_has_an_id_of_its_own(wired):
    fresh = wired.reconciler.run_starter.new_run_id

    assert len({fresh() for _ in range(100)}) == 100
