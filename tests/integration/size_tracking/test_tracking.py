"""The tracker against a real DynamoDB engine; S3 is a dictionary at the observation seam."""

import json
import threading

import pytest
from botocore.exceptions import ClientError

from size_history import items, keys
from size_history.items import State
from size_history.keys import prefix_of
from size_history.messages import ReconcileEveryBucket, ReconcileRequest, ReconcileStep
from size_tracking.tracker import Clock
from size_tracking.transaction import TOMBSTONE_SECONDS
from tests.integration.size_tracking.world import batch_of, drain, event, live, process, record, weight

AWKWARD = ["a b", "a%20b", "a+b", "ü/🪣", "new\nline", "tail/", "k" * 1024, "s" * 1023 + "/", "./dot", "."]


@pytest.fixture
def row(dynamodb, tables):
    return lambda key: dynamodb.get_item(TableName=tables.ledger, Key=key).get("Item")


def test_the_first_event_of_an_empty_bucket_adopts_it_and_the_history_begins(world, batch, ledger, samples):
    world.put("k", 5)

    process(batch, event("k"))
    assert samples() == []
    drain(world, batch)

    header = ledger.header("data")
    totals, peak = header.totals, header.peak
    assert (totals.size, totals.count, totals.state) == (5, 1, State.LIVE)
    assert [(sample.total_size, sample.object_cnt) for sample in samples()] == [(5, 1)]
    assert (peak.size, peak.bucket) == (5, "data")
    assert totals.created == 0


def test_a_tracked_empty_bucket_begins_at_0(world, batch, samples):
    live(world, batch)

    assert [(sample.total_size, sample.object_cnt) for sample in samples()] == [(0, 0)]


def test_every_change_becomes_a_sample_and_a_duplicate_adds_nothing(world, batch, samples):
    live(world, batch)
    for size in (18, 27, None, 2):
        world.delete("k") if size is None else world.put("k", size)
        process(batch, event("k"), event("k", message_id="again"))
        process(batch, event("k"))

    found = samples()
    assert [sample.total_size for sample in found] == [0, 18, 27, 0, 2]
    assert [sample.object_cnt for sample in found] == [0, 1, 1, 0, 1]
    assert (found[-1].created_cnt, found[-1].overwritten_cnt, found[-1].removed_cnt) == (2, 1, 1)
    assert [sample.changed_keys for sample in found[1:]] == [("k",)] * 4


def test_awkward_keys_are_rows_of_their_own(world, batch, ledger, row):
    live(world, batch)
    for number, key in enumerate(AWKWARD):
        world.put(key, 10**number)

    process(batch, *[event(key) for key in AWKWARD])

    assert weight(ledger) == (1111111111, len(AWKWARD))
    for number, key in enumerate(AWKWARD):
        assert row(items.object_key("data", key))["size"] == {"N": str(10**number)}
    for prefix in {prefix_of(key) for key in AWKWARD}:
        expected = sum(10**number for number, key in enumerate(AWKWARD) if prefix_of(key) == prefix)
        assert row(items.prefix_key("data", prefix))["size"] == {"N": str(expected)}


def test_an_absent_object_keeps_a_row_that_expires_and_a_put_takes_the_expiry_away(world, batch, row):
    live(world, batch)
    now = Clock().now() // 1_000_000

    process(batch, event("k"))
    tombstone = row(items.object_key("data", "k"))
    world.put("k", 1)
    process(batch, event("k"))
    present = row(items.object_key("data", "k"))

    assert "size" not in tombstone
    assert abs(int(tombstone["expiry"]["N"]) - now - TOMBSTONE_SECONDS) < 60
    assert "expiry" not in present
    assert int(present["revision"]["N"]) > int(tombstone["revision"]["N"])


def test_only_keys_that_cannot_be_observed_and_malformed_messages_come_back(world, batch, ledger):
    live(world, batch)
    world.put("good", 5)
    world.put("bad", 7)
    world.refused["bad"] = ClientError({"Error": {"Code": "403"}}, "HeadObject")

    failed = batch.handle(
        [
            event("good"),
            event("bad"),
            event("bad", message_id="bad again"),
            {"messageId": "garbage", "body": "{"},
        ],
        remaining_ms=60_000,
    )

    assert sorted(failed) == ["bad", "bad again", "garbage"]
    assert weight(ledger) == (5, 1)


def test_a_key_that_dynamodb_rejects_does_not_keep_its_neighbours_from_being_committed(
    world, batch, ledger, dynamodb, monkeypatch
):
    live(world, batch)
    transact = dynamodb.transact_write_items

    def refuse_poison(TransactItems):
        if any(write.get("Put", {}).get("Item", {}).get("sk") == {"S": "poison"} for write in TransactItems):
            raise ClientError({"Error": {"Code": "ValidationException"}}, "TransactWriteItems")
        return transact(TransactItems=TransactItems)

    monkeypatch.setattr(dynamodb, "transact_write_items", refuse_poison)
    names = ["a", "b", "poison", "c", "d"]
    for name in names:
        world.put(name, 1)

    failed = batch.handle([event(name) for name in names], remaining_ms=60_000)

    assert failed == ["poison"]
    assert weight(ledger) == (4, 4)


def test_exactly_the_uncommitted_keys_come_back_when_time_runs_out(world, ledger):
    class Ticking:
        """A clock that can advance at every look."""

        def __init__(self):
            self.time = Clock().now()
            self.step = 0

        def now(self):
            self.time += self.step
            return self.time

    ticking = Ticking()
    live(world, batch_of(world, ledger))
    batch = batch_of(world, ledger, Clock(now=ticking.now, sleep=lambda _: None))
    names = [f"{number:03}" for number in range(400)]
    for name in names:
        world.put(name, 1)
    ticking.step = 1_000_000

    failed = batch.handle([event(name) for name in names], remaining_ms=24_000)

    committed = weight(ledger)[1]
    assert 0 < committed < 400
    assert failed == names[committed:]


def test_a_lost_answer_is_committed_once(world, batch, ledger, dynamodb, monkeypatch):
    live(world, batch)
    transact = dynamodb.transact_write_items
    lost = []

    def lose_the_first_answer(TransactItems):
        answer = transact(TransactItems=TransactItems)
        if not lost:
            lost.append(answer)
            raise ClientError({"Error": {"Code": "InternalServerError"}}, "TransactWriteItems")
        return answer

    monkeypatch.setattr(dynamodb, "transact_write_items", lose_the_first_answer)
    world.put("k", 5)

    assert batch.handle([event("k")], remaining_ms=60_000) == ["k"]
    process(batch, event("k"))

    assert weight(ledger) == (5, 1)


def test_handlers_that_race_on_the_same_keys_end_exact(world, ledger, samples):
    live(world, batch_of(world, ledger))
    names = [f"p{number % 3}/{number}" for number in range(12)]
    failures = []

    def work(worker):
        batch = batch_of(world, ledger)
        for turn in range(15):
            name = names[(worker * 5 + turn) % len(names)]
            world.delete(name) if (worker + turn) % 3 == 0 else world.put(name, worker * 100 + turn)
            failures.extend(batch.handle([event(name), event(names[turn % 12])], remaining_ms=60_000))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    truth = world.objects["data"]
    assert failures == []
    assert weight(ledger) == (sum(seen.size for seen in truth.values()), len(truth))
    found = samples()
    assert [sample.time for sample in found] == sorted({sample.time for sample in found})
    assert (found[-1].total_size, found[-1].object_cnt) == weight(ledger)
    assert ledger.header("data").peak.size == max(sample.total_size for sample in found)


def test_a_reconcile_finds_changes_without_an_event(world, batch, ledger, samples):
    for number in range(300):
        world.put(f"{number:03}", 1)
    live(world, batch)
    for number in range(0, 300, 3):
        world.delete(f"{number:03}")
    for number in range(50):
        world.put(f"new{number}", 10)

    process(batch, record(ReconcileRequest("data", page_size=40)))
    steps = drain(world, batch)

    run = ledger.run("data")
    assert weight(ledger) == (200 + 500, 250)
    assert samples()[-1].total_size == 700
    assert (run.checked, run.healed, run.drift) == (350, 150, 600)
    assert run.ended is not None
    assert steps == 7


def test_the_daily_message_reconciles_every_tracked_bucket(world, batch, ledger, capsys):
    for bucket in ("data", "other"):
        live(world, batch, bucket)
        world.put("unseen", 7, bucket)

    process(batch, record(ReconcileEveryBucket()))
    drain(world, batch)

    assert {bucket: weight(ledger, bucket) for bucket in ("data", "other")} == {
        "data": (7, 1),
        "other": (7, 1),
    }
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["Bucket"]: line["ReconcileDrift"] for line in lines if line.get("ReconcileHealedKeys")} == {
        "data": 7,
        "other": 7,
    }


def test_a_step_delivered_twice_neither_forks_the_run_nor_counts_twice(world, batch, ledger):
    for number in range(100):
        world.put(f"{number:03}", number)
    process(batch, record(ReconcileRequest("data", page_size=10)))
    delivered = 0
    while world.sent:
        step = world.sent.pop(0)
        for _ in range(2):
            process(batch, record(step))
            delivered += 1
        assert len(world.sent) <= 1

    run = ledger.run("data")
    assert (run.checked, run.healed) == (100, 100)
    assert delivered == 20
    assert weight(ledger) == (4950, 100)


def test_a_step_that_died_before_it_sent_the_next_sends_it_when_redelivered(world, ledger, samples):
    for number in range(30):
        world.put(f"{number:02}", 1)
    batch = batch_of(world, ledger)
    process(batch, record(ReconcileRequest("data", page_size=10)))
    first = world.sent.pop(0)

    def die(_message):
        raise ConnectionError("died before sending")

    world.send, send = die, world.send
    assert batch.handle([record(first)], remaining_ms=60_000) == ["ours"]
    world.send = send
    process(batch, record(first))
    assert drain(world, batch) == 2

    assert weight(ledger) == (30, 30)
    assert len(samples()) == 1


def test_a_step_with_a_key_that_cannot_be_observed_comes_back_and_goes_on_later(world, batch, ledger):
    for number in range(10):
        world.put(f"{number}", 1)
    world.refused["7"] = ClientError({"Error": {"Code": "500"}}, "HeadObject")
    process(batch, record(ReconcileRequest("data")))
    step = world.sent.pop(0)

    assert batch.handle([record(step)], remaining_ms=60_000) == ["ours"]
    assert ledger.header("data").totals.state is State.ADOPTING
    world.refused.clear()
    process(batch, record(step))

    assert ledger.header("data").totals.state is State.LIVE
    assert weight(ledger) == (10, 10)


def test_a_forged_step_does_nothing(world, batch, ledger):
    live(world, batch)
    before = ledger.run("data")

    process(batch, record(ReconcileStep("data", "forged", "m")))

    assert ledger.run("data") == before
    assert world.sent == []


def test_a_tracked_bucket_is_listed(world, batch, row):
    live(world, batch)

    assert row(items.bucket_key("data")) is not None


def test_all_16_shards_are_used():
    assert {keys.shard(f"{number}") for number in range(1000)} == set(keys.all_shards())
