"""The parts of the demonstration against stand-ins; tests/e2e runs all of it."""

import boto3
import pytest
import requests
from botocore.credentials import Credentials
from botocore.stub import Stubber

from driver.history import Clock, History, StepError
from driver.plot import PlotError, SignedRequest, request_plot
from driver.scenario import CHANGES, Weight
from driver.settings import Settings, SettingsError
from size_history.budgets import DRIVER, POLL_SECONDS
from size_history.deadline import Deadline
from size_history.items import Sample, State, Totals, number, reconcile_key

ENVIRON = {
    "DATA_BUCKET": "data",
    "HISTORY_TABLE": "history",
    "LEDGER_TABLE": "ledger",
    "QUEUE_URL": "queue",
    "API_URL": "http://api/v1/",
    "DRIVER_PAUSE_SECONDS": "1.5",
}


LIMITS = DRIVER.afterwards["api"]


class PassingTime:
    def __init__(self):
        self.micros = 0

    def now(self):
        return self.micros

    def sleep(self, seconds):
        self.micros += round(seconds * 1_000_000)


@pytest.fixture
def dynamodb():
    client = boto3.client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stubber:
        yield client, stubber


def history(client, seconds=1.0):
    passing = PassingTime()
    clock = Clock(now=passing.now, sleep=passing.sleep)
    deadline = Deadline(clock.now)
    deadline.allow(seconds)
    return History(
        client, history_table="history", ledger_table="ledger", bucket="data", deadline=deadline, clock=clock
    )


def test_the_contents_weigh_what_the_scenario_says():
    assert [len(change.content or b"") for change in CHANGES] == [18, 27, 0, 2]
    assert [change.size for change in CHANGES] == [18, 27, 0, 2]
    assert [change.count for change in CHANGES] == [1, 1, 0, 1]


def test_a_wait_returns_the_sample_of_the_expected_weight(dynamodb):
    client, stubber = dynamodb
    for samples in ([], [Sample("data", 5, 17, 1)], [Sample("data", 5, 17, 1), Sample("data", 6, 18, 1)]):
        stubber.add_response("query", {"Items": [sample.to_item() for sample in samples]})

    assert history(client).wait_for("create", Weight(18, 1), after=4) == Sample("data", 6, 18, 1)


def test_a_step_without_its_sample_is_an_error_that_names_it(dynamodb):
    client, stubber = dynamodb
    for _ in range(10):  # none after the deadline
        stubber.add_response("query", {"Items": []})

    with pytest.raises(StepError, match=r"create assignment1\.txt: a sample of 18 bytes in 1 objects .*data"):
        history(client).wait_for("create assignment1.txt", Weight(18, 1), after=4)


def test_a_pause_ends_at_the_deadline(dynamodb):
    made = history(dynamodb[0], seconds=7)

    for expected in (5, 7, 7):
        made.pause(5)
        assert made.clock.now() == expected * 1_000_000


STARTED, LATER = 100, 200
LIVE = Totals(0, 0, 0, 0, 0, 0, 0, 1, State.LIVE).to_item("data")
ADOPTING = Totals(0, 0, 0, 0, 0, 0, 0, 1, State.ADOPTING).to_item("data")


def run(started, ended=None):
    """Return a reconcile row whose last pass began at `started`."""
    row = {**reconcile_key("data"), "revision": number(7), "started": number(started)}
    return row | ({"ended": number(ended)} if ended else {})


@pytest.mark.parametrize(
    ("rows", "waited"),
    [
        pytest.param([run(LATER, 201), LIVE], 0, id="another pass has ended"),
        pytest.param(
            [run(STARTED, 101), run(LATER), run(LATER, 201), LIVE], 2, id="only the pass that was going on"
        ),
        pytest.param([run(LATER, 201), ADOPTING, run(LATER, 201), LIVE], 1, id="the totals are not complete"),
    ],
)
def test_the_baseline_is_a_pass_that_began_after_it_was_asked_for(dynamodb, rows, waited):
    """A pass that was going on may have gone past a change, also the delayed one that follows every recovery."""
    client, stubber = dynamodb
    for row in rows:
        stubber.add_response("get_item", {"Item": row})
    made = history(client)

    made.wait_for_baseline(after=STARTED)

    stubber.assert_no_pending_responses()
    assert made.clock.now() == pytest.approx(waited * POLL_SECONDS * 1_000_000)


def test_before_the_first_run_there_was_no_pass(dynamodb):
    client, stubber = dynamodb
    stubber.add_response("get_item", {})
    stubber.add_response("get_item", {"Item": run(STARTED)})

    assert [history(client).last_pass() for _ in range(2)] == [0, STARTED]


def test_settings_name_every_missing_variable():
    with pytest.raises(SettingsError, match="DATA_BUCKET, DRIVER_PAUSE_SECONDS"):
        Settings.from_env({**ENVIRON, "DATA_BUCKET": "", "DRIVER_PAUSE_SECONDS": ""})


@pytest.mark.parametrize("pause", ["soon", "-1", "61", "nan"])
def test_an_invalid_pause_is_refused(pause):
    with pytest.raises(SettingsError, match="DRIVER_PAUSE_SECONDS"):
        Settings.from_env({**ENVIRON, "DRIVER_PAUSE_SECONDS": pause})


def test_settings_are_read():
    assert Settings.from_env(ENVIRON).pause_seconds == 1.5


def test_a_request_is_signed_for_the_api_with_its_body():
    auth = SignedRequest(Credentials("AKID", "secret", "token"), "eu-west-1")
    prepared = requests.Request("POST", "http://api/v1/plot", json={"bucket": "data"}, auth=auth).prepare()

    assert "AKID/" in prepared.headers["Authorization"]
    assert "/eu-west-1/execute-api/aws4_request" in prepared.headers["Authorization"]
    assert "content-type;host;x-amz-date;x-amz-security-token" in prepared.headers["Authorization"]
    assert prepared.headers["X-Amz-Security-Token"] == "token"
    assert prepared.body == b'{"bucket": "data"}'


@pytest.mark.parametrize(
    ("status", "content", "message"),
    [
        (403, b'{"message": "Forbidden"}', r"403.*Forbidden"),
        (200, b"<html>maintenance", "http://api/v1/plot answered 200 without JSON: <html>maintenance"),
    ],
)
def test_an_answer_without_a_plot_is_an_error_that_quotes_it(monkeypatch, status, content, message):
    answer = requests.Response()
    answer.status_code, answer._content = status, content
    monkeypatch.setattr(requests, "post", lambda *_, **__: answer)

    with pytest.raises(PlotError, match=message):
        request_plot("http://api/v1/", auth=None, bucket="data", since="2026", limits=LIMITS)


@pytest.mark.parametrize("status", [200, 201])
def test_the_status_is_the_one_that_the_api_answered(monkeypatch, status):
    answer = requests.Response()
    answer.status_code, answer._content = status, b'{"plot": {}}'
    monkeypatch.setattr(requests, "post", lambda *_, **__: answer)

    assert request_plot("http://api/v1/", auth=None, bucket="data", since="2026", limits=LIMITS) == (
        status,
        {"plot": {}},
    )


def test_the_api_has_its_own_time_to_connect_and_to_answer(monkeypatch):
    """requests takes one number for each of both, so that 30 could be 60."""
    asked = {}
    answer = requests.Response()
    answer.status_code, answer._content = 200, b"{}"
    monkeypatch.setattr(requests, "post", lambda *_, **options: asked.update(options) or answer)

    request_plot("http://api/v1/", auth=None, bucket="data", since="2026", limits=LIMITS)

    assert asked["timeout"] == (2, 30)


def test_an_api_that_does_not_answer_is_an_error_with_its_url(monkeypatch):
    def refuse(*_, **__):
        raise requests.ConnectionError("refused")

    monkeypatch.setattr(requests, "post", refuse)

    with pytest.raises(PlotError, match="http://api/v1/plot did not answer: refused"):
        request_plot("http://api/v1/", auth=None, bucket="data", since="2026", limits=LIMITS)
