"""What `make rollups` asks for, waits for and prints; and what a deployment and a restore ask for."""

import json

import pytest

from size_history.items import Recomputed, State, Totals, recomputed_key, totals_key
from tests.unit.tools.operations.stand_ins import StoodIn
from tidemark.aws import ledger
from tidemark.errors import CommandError
from tidemark.operate import rollups
from tidemark.operate.rollups import recompute, request_restored_rollups, request_rollups

NOW = 1_800_000_000_000_000
LIVE = Totals(5, 1, 1, 0, 0, 5, NOW - 1, 3, State.LIVE)
ADOPTING = Totals(5, 1, 0, 0, 0, 0, 0, 3, State.ADOPTING)
OUTPUTS = {"LedgerTableName": "ledger", "QueueUrl": "queue"}


class Tracker:
    """Shows one row of a recomputation after the other."""

    def __init__(self, totals, rows=()):
        self.totals = totals
        self.rows = list(rows)
        self.sent = []

    def send_message(self, QueueUrl, MessageBody, DelaySeconds):
        assert QueueUrl == "queue"
        self.sent.append((json.loads(MessageBody), DelaySeconds))

    def get_item(self, TableName, Key, ConsistentRead):
        assert (TableName, ConsistentRead) == ("ledger", True)
        if Key == recomputed_key("photos"):
            row = self.rows.pop(0)
            return {"Item": row.to_item("photos")} if row else {}
        assert Key == totals_key("photos")
        return {"Item": self.totals.to_item("photos")} if self.totals else {}


def deployment_of(tracker):
    return StoodIn({"dynamodb": tracker, "sqs": tracker}, OUTPUTS, target="dev")


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(rollups.time, "sleep", lambda _: None)
    monkeypatch.setattr(ledger, "now_microseconds", lambda: NOW)
    monkeypatch.setattr(ledger, "tracked_buckets", lambda _client, _table: ["movies", "photos"])


def test_all_rollups_are_asked_for_and_their_end_is_waited_for(capsys):
    """The daily check may end in between, and an earlier request has an end, too."""
    ends = [None, Recomputed(NOW - 9, 7, NOW - 20), Recomputed(NOW + 1, 8), Recomputed(NOW + 2, 1234, NOW)]
    tracker = Tracker(LIVE, ends)

    recompute(deployment_of(tracker), "photos")

    ((message, delay),) = tracker.sent
    assert (message["tidemark"], message["bucket"]) == ("recompute-rollups", "photos")
    assert (message["since"], message["asked"], delay) == (0, NOW, 0)
    assert capsys.readouterr().out == (
        "photos: all rollups are those of its samples; 1,234 were wrong or missing\n"
    )
    assert tracker.rows == []


@pytest.mark.parametrize("totals", [None, ADOPTING])
def test_a_bucket_without_samples_has_nothing_to_wait_for(totals):
    tracker = Tracker(totals)

    with pytest.raises(CommandError) as caught:
        recompute(deployment_of(tracker), "photos")

    assert str(caught.value) == "photos has no samples yet: make reconcile TARGET=dev BUCKET=photos"
    assert tracker.sent == []


def test_an_end_that_does_not_come_is_one_line_with_what_to_do(monkeypatch):
    monkeypatch.setattr(rollups, "STALLED_SECONDS", 0.01)
    monkeypatch.setattr(
        Tracker,
        "get_item",
        lambda self, **asked: (
            {"Item": LIVE.to_item("photos")} if asked["Key"] == totals_key("photos") else {}
        ),
    )

    with pytest.raises(
        CommandError, match="the rollups of photos are not made yet: look into the dead-letter"
    ):
        recompute(deployment_of(Tracker(LIVE)), "photos")


def test_a_deployment_asks_for_the_check_of_every_tracked_bucket():
    """Without an instant: a bucket of version 0.1 gets all of them, any other the last day's."""
    tracker = Tracker(LIVE)

    assert request_rollups(deployment_of(tracker)) == ["movies", "photos"]

    asked = [(message["bucket"], message["since"], message["gaps"], delay) for message, delay in tracker.sent]
    assert asked == [("movies", None, False, 0), ("photos", None, False, 0)]


def test_a_restore_asks_for_all_of_them_once_what_was_read_before_is_written():
    tracker = Tracker(LIVE)

    assert request_restored_rollups(deployment_of(tracker)) == ["movies", "photos"]

    asked = [(message["bucket"], message["since"], message["gaps"], delay) for message, delay in tracker.sent]
    assert asked == [("movies", 0, True, 60), ("photos", 0, True, 60)]
