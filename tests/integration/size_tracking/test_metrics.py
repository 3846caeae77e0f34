"""The metrics that the tracker prints, in the embedded metric format."""

import json

import pytest

from size_tracking.ledger import Ledger
from size_tracking.track_plan import ROOM
from size_tracking.tracker import Clock
from size_tracking.values import Outcome
from tests.integration.size_tracking.world import batch_of, live, process

NOW = 1_800_000_000_000_000


class Contended(Ledger):
    """A ledger whose next commits conflict with another writer."""

    def __init__(self, *arguments, **names):
        super().__init__(*arguments, **names)
        self.conflicts = 0

    def commit(self, transaction, *, now):
        if self.conflicts:
            self.conflicts -= 1
            return Outcome.TOTALS_MOVED
        return super().commit(transaction, now=now)


@pytest.fixture
def ledger(dynamodb, tables):
    return Contended(dynamodb, ledger_table=tables.ledger, history_table=tables.history)


@pytest.fixture
def batch(world, ledger, capsys):
    """Return a tracker of a live bucket, with a clock that stands still."""
    made = batch_of(world, ledger, Clock(now=lambda: NOW, sleep=lambda seconds: None))
    live(world, made)
    return made


@pytest.fixture
def printed(batch, capsys):
    """Return a function that reads the metrics printed since the last call: by name, the value and unit."""
    first = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    def read(lines=None):
        metrics = {}
        for line in lines or [json.loads(text) for text in capsys.readouterr().out.splitlines()]:
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            assert directive["Namespace"] == "Tidemark"
            if directive["Dimensions"] == [["Function"]]:  # what alarms read of all buckets together
                assert {each["Name"] for each in directive["Metrics"]} == {
                    "ReconcileRefusedKeys",
                    "DriftHealedKeys",
                }
                continue
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


def test_a_baseline_prints_the_size(printed):
    assert printed.at_first["TotalSize"] == (0, "Bytes")
    assert printed.at_first["ObjectCount"] == (0, "Count")


def test_a_change_prints_size_objects_the_lag_of_each_message_and_no_conflict(world, batch, printed):
    world.put("a", 100)
    world.put("b", 23)

    process(batch, changed("a", seconds_ago=3), changed("a", seconds_ago=2), changed("b", seconds_ago=1))

    assert printed() == {
        "TotalSize": (123, "Bytes"),
        "ObjectCount": (2, "Count"),
        "EventLag": ([3000, 2000, 1000], "Milliseconds"),
        "CommitConflicts": (0, "Count"),
    }


def test_an_uncommitted_event_has_no_lag_yet(world, batch, printed):
    world.put("a", 1)
    world.refused["b"] = RuntimeError("S3 is not well")

    batch.handle([changed("a", seconds_ago=2), changed("b", seconds_ago=9)], remaining_ms=60_000)

    assert printed()["EventLag"] == ([2000], "Milliseconds")


def test_commits_that_had_to_be_repeated_are_counted(world, ledger, batch, printed):
    world.put("a", 1)
    ledger.conflicts = 3

    process(batch, changed("a"))

    assert printed()["CommitConflicts"] == (3, "Count")


def test_an_event_that_changed_nothing_prints_no_size(world, batch, printed):
    process(batch, changed("never there"))

    assert printed() == {"CommitConflicts": (0, "Count")}


def test_the_printed_size_is_that_of_the_last_chunk(world, batch, printed):
    keys = [f"{number:03}" for number in range(ROOM + 5)]
    for key in keys:
        world.put(key, 2)

    process(batch, *[changed(key) for key in keys])

    assert printed()["TotalSize"] == (2 * len(keys), "Bytes")


def test_a_reconcile_prints_the_healed_keys_and_the_final_size(world, batch, printed):
    world.put("unseen", 7)

    live(world, batch)

    found = printed()
    assert found["ReconcileHealedKeys"] == (1, "Count")
    assert found["ReconcileDrift"] == (7, "Bytes")
    assert found["TotalSize"] == (7, "Bytes")
