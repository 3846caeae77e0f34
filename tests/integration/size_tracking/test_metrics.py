"""What the tracker tells CloudWatch, line by line, in the embedded metric format."""

import json

import pytest

from size_history.messages import ReconcileRequest
from size_tracking.ledger import Ledger
from size_tracking.track_plan import CHUNK_KEYS
from size_tracking.tracker import Clock
from size_tracking.values import Outcome
from tests.integration.size_tracking.world import World, batch_of, drain, record

NOW = 1_800_000_000_000_000


class Contended(Ledger):
    """A ledger of which the next commits meet somebody else's."""

    def __init__(self, *arguments, **names):
        super().__init__(*arguments, **names)
        self.conflicts = 0

    def commit(self, transaction, *, now):
        if self.conflicts:
            self.conflicts -= 1
            return Outcome.TOTALS_MOVED
        return super().commit(transaction, now=now)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def ledger(dynamodb, tables):
    return Contended(dynamodb, ledger_table=tables.ledger, history_table=tables.history)


@pytest.fixture
def batch(world, ledger, capsys):
    """Return a batch of a bucket that is live, by a clock that stands still."""
    made = batch_of(world, ledger, Clock(now=lambda: NOW, sleep=lambda seconds: None))
    made.handle([record(ReconcileRequest("data"))], remaining_ms=60_000)
    drain(world, made)
    return made


@pytest.fixture
def told(batch, capsys):
    """Return a function that returns what was told since, as CloudWatch reads it: metric, then value and unit."""
    first = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    def read(lines=None):
        metrics = {}
        for line in lines or [json.loads(text) for text in capsys.readouterr().out.splitlines()]:
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            assert directive["Namespace"] == "Tidemark"
            assert directive["Dimensions"] == [["Bucket"]]
            assert line["Bucket"] == "data"
            assert line["_aws"]["Timestamp"] == NOW // 1000
            metrics |= {
                metric["Name"]: (line[metric["Name"]], metric["Unit"]) for metric in directive["Metrics"]
            }
        return metrics

    read.at_first = read(first)
    return read


def changed(key, *, seconds_ago=None):
    event = {"source": "aws.s3", "detail": {"bucket": {"name": "data"}, "object": {"key": key}}}
    if seconds_ago is not None:
        event["time"] = f"2027-01-15T07:{59 - seconds_ago // 60:02}:{(60 - seconds_ago) % 60:02}Z"
    return {"messageId": f"{key} {seconds_ago}", "body": json.dumps(event)}


def test_a_baseline_tells_the_size(told):
    assert told.at_first["TotalSize"] == (0, "Bytes")
    assert told.at_first["ObjectCount"] == (0, "Count")


def test_a_change_tells_size_objects_lag_of_each_message_and_no_conflict(world, batch, told):
    world.put("a", 100)
    world.put("b", 23)

    batch.handle(
        [changed("a", seconds_ago=3), changed("a", seconds_ago=2), changed("b", seconds_ago=1)],
        remaining_ms=60_000,
    )

    assert told() == {
        "TotalSize": (123, "Bytes"),
        "ObjectCount": (2, "Count"),
        "EventLag": ([3000, 2000, 1000], "Milliseconds"),
        "CommitConflicts": (0, "Count"),
    }


def test_what_is_not_committed_has_no_lag_yet(world, batch, told):
    world.put("a", 1)
    world.refused["b"] = RuntimeError("S3 is not well")

    batch.handle([changed("a", seconds_ago=2), changed("b", seconds_ago=9)], remaining_ms=60_000)

    assert told()["EventLag"] == ([2000], "Milliseconds")


def test_commits_that_had_to_be_repeated_are_counted(world, ledger, batch, told):
    world.put("a", 1)
    ledger.conflicts = 3

    batch.handle([changed("a")], remaining_ms=60_000)

    assert told()["CommitConflicts"] == (3, "Count")


def test_an_event_that_changed_nothing_tells_no_size(world, batch, told):
    batch.handle([changed("never there")], remaining_ms=60_000)

    assert told() == {"CommitConflicts": (0, "Count")}


def test_the_size_told_is_the_last_of_several_chunks(world, batch, told):
    keys = [f"{number:03}" for number in range(CHUNK_KEYS + 5)]
    for key in keys:
        world.put(key, 2)

    batch.handle([changed(key) for key in keys], remaining_ms=60_000)

    assert told()["TotalSize"] == (2 * len(keys), "Bytes")


def test_a_reconcile_tells_what_it_healed_and_the_size_it_ends_with(world, batch, told):
    world.put("unseen", 7)

    batch.handle([record(ReconcileRequest("data"))], remaining_ms=60_000)
    drain(world, batch)

    found = told()
    assert found["ReconcileHealedKeys"] == (1, "Count")
    assert found["ReconcileDrift"] == (7, "Bytes")
    assert found["TotalSize"] == (7, "Bytes")
