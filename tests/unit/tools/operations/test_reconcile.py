"""What `make reconcile` waits for and prints, with a tracker that is a list of rows."""

import json

import pytest

from size_history.items import State, Totals, bucket_key, number, reconcile_key, totals_key
from size_history.sources import Hearing, Source
from tests.unit.tools.operations.stand_ins import StoodIn
from tidemark.aws import ledger
from tidemark.operate import reconcile as reconciling
from tidemark.operate.reconcile import reconcile

LIVE = Totals(5, 1, 1, 0, 0, 5, 0, 1, State.LIVE).to_item("photos")
UNCHECKED, HEARD = Source(since=1), Source(since=1, checked=1)
OUTPUTS = {"LedgerTableName": "ledger", "QueueUrl": "queue"}


def run(revision, started, *, ended=False, **counts):
    """Return a reconcile row. One of version 0.1 has neither `again` nor `refused`."""
    numbers = {"revision": revision, "started": started, "checked": 0, "healed": 0, "drift": 0, **counts}
    return {name: number(value) for name, value in numbers.items()} | ({"ended": number(9)} if ended else {})


class Tracker:
    """Shows one row of the run after the other, and the row of a check once it was asked for."""

    def __init__(self, runs, row, after):
        self.runs = list(runs)
        self.row, self.after = row, after
        self.sent = []

    def send_message(self, QueueUrl, MessageBody, DelaySeconds=0):
        assert (QueueUrl, DelaySeconds) == ("queue", 0)
        self.sent.append(json.loads(MessageBody))
        if self.sent[-1]["tidemark"] == "watch":
            assert self.runs == [], "the run has ended"
            self.row = self.after

    def get_item(self, TableName, Key, ConsistentRead):
        assert (TableName, ConsistentRead) == ("ledger", True)
        found = {
            str(reconcile_key("photos")): lambda: self.runs.pop(0),
            str(totals_key("photos")): lambda: LIVE,
            str(bucket_key("photos")): lambda: self.row and self.row.to_item("photos"),
        }[str(Key)]()
        return {"Item": found} if found else {}


@pytest.fixture
def say(monkeypatch, capsys):
    """Return a function that reconciles a bucket whose run goes through these rows, and returns what is printed."""
    monkeypatch.setattr(reconciling.time, "sleep", lambda _: None)
    monkeypatch.setattr(ledger, "now_microseconds", lambda: 1)

    def say(*runs, after=HEARD):
        tracker = Tracker(runs, UNCHECKED, after)
        clients = {"dynamodb": tracker, "sqs": tracker}
        reconcile(StoodIn(clients, OUTPUTS, target="dev"), "photos", page_size=7)
        request, check = tracker.sent
        assert request["page_size"] == 7
        assert check["buckets"] == ["photos"]
        return capsys.readouterr().out.splitlines()

    return say


def test_a_run_is_watched_to_its_end_and_the_state_is_said(say):
    lines = say(
        None,
        None,
        run(1, 5),
        run(1, 5),
        run(2, 5, checked=1000),
        run(3, 5, ended=True, checked=1200, healed=2, drift=8),
    )

    assert lines == [
        "photos: goes on, 0 keys checked, 0 healed, 0 bytes of drift",
        "photos: goes on, 1,000 keys checked, 0 healed, 0 bytes of drift",
        "photos: ended, 1,200 keys checked, 2 healed, 8 bytes of drift",
        "photos: live",
    ]


def test_the_end_of_a_pass_that_was_going_on_before_is_not_taken_for_the_requested_one(say):
    """It may have passed a key that changed before the request."""
    lines = say(
        run(4, 5, checked=10),  # read before the request
        run(5, 5, checked=20, ended=True),  # ended before the tracker saw the request
        run(6, 7),
        run(7, 7, checked=20, ended=True),
    )

    assert len([line for line in lines if "ended" in line]) == 2
    assert lines[-1] == "photos: live"


def test_a_second_pass_of_the_same_run_is_waited_for(say):
    lines = say(run(4, 5), run(5, 5), run(6, 8), run(7, 8, ended=True))

    assert [line.split()[1] for line in lines] == ["goes", "goes", "ended,", "live"]


def test_keys_that_s3_refused_are_counted_loudly(say):
    *_, ended, _state = say(None, run(1, 5, ended=True, checked=9, refused=2))

    assert ended == (
        "photos: ended, 9 keys checked, 0 healed, 0 bytes of drift, 2 REFUSED by S3: the tracker's log names them"
    )


def test_a_check_that_does_not_come_is_waited_for_only_a_little(say, monkeypatch):
    monkeypatch.setattr(reconciling, "CHECK_SECONDS", 0.01)

    assert say(None, run(1, 5, ended=True), after=UNCHECKED)[-1] == "photos: live"


def test_a_bucket_that_was_untracked_meanwhile_is_said_to_be_so(say):
    assert say(None, run(1, 5, ended=True), after=None)[-1] == "photos: it is not tracked any more"


def test_a_bucket_that_is_not_live_at_the_end_is_said_to_be_so_with_the_fix(say):
    deaf = Source(since=1, hearing=Hearing.DEAF, reason="its events are off", checked=1)

    lines = say(None, run(1, 5, ended=True), after=deaf)

    assert lines[1:] == [
        "photos is deaf since 1970-01-01T00:00:00Z: its events are off",
        "  fix: make track TARGET=dev BUCKET=photos; it then recovers by itself",
    ]
