"""What `make untrack` removes and keeps, on real tables."""

import pytest

from size_history import items, keys
from size_history.items import Peak, Recomputed, Rollup, Sample, State, Totals
from size_history.rollups import Unit
from size_history.sources import Hearing, Source
from tests.integration.operations.conftest import DATA, MINE, NAMED
from tidemark.errors import CommandError
from tidemark.operate import deletion
from tidemark.operate import untrack as untracking
from tidemark.operate.track import track
from tidemark.operate.untrack import History, untrack
from tidemark.progress import Progress

TOTALS = Totals(9, 2, 3, 1, 1, max_size=12, last_time=1_800_000_000_000_000, revision=7, state=State.LIVE)
OTHER = "other-bucket"
COUNT = 30
"""More than one request deletes."""
NEVER = "never-tracked"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(untracking, "CLOCK_SECONDS", 0.0)


def rows_of(bucket, count):
    """Return every kind of ledger row that a bucket has, with `count` objects and prefixes."""
    return [
        TOTALS.to_item(bucket),
        {**items.reconcile_key(bucket), "run_id": items.text("r"), "revision": items.number(3)},
        *({**items.object_key(bucket, f"{number}"), "size": items.number(1)} for number in range(count)),
        *({**items.prefix_key(bucket, f"{number}/"), "size": items.number(1)} for number in range(count)),
        *(Rollup.of(unit, sample).to_item(bucket) for unit in Unit for sample in samples_of(bucket, count)),
        Recomputed(5, 0).to_item(bucket),
        Source(since=5, revision=2).to_item(bucket),
    ]


def samples_of(bucket, count):
    """Return samples of a day each."""
    first = 1_700_000_000_000_000
    return [Sample(bucket, first + number * Unit.DAY.length, number, 1) for number in range(count)]


def fill(world, bucket, count=COUNT):
    """Let a bucket be tracked with samples, objects and prefixes."""
    client = world.clients["dynamodb"]
    for item in rows_of(bucket, count):
        client.put_item(TableName=world.ledger, Item=item)
    for sample in samples_of(bucket, count):
        client.put_item(TableName=world.deployment.outputs["HistoryTableName"], Item=sample.to_item())
    world.stood.add(bucket)
    world.noted.clear()


def items_of(world, bucket):
    """Return every item of a bucket in both tables."""
    found = []
    for table in (world.ledger, world.deployment.outputs["HistoryTableName"]):
        for page in world.clients["dynamodb"].get_paginator("scan").paginate(TableName=table):
            found += page["Items"]
    own = (bucket, f"{bucket}#", f"{keys.BUCKET_ROW}{bucket}")
    return [
        item
        for item in found
        if item.get("bucket_name", {}).get("S") == bucket
        or item.get("pk", {}).get("S") == own[0]
        or item.get("pk", {}).get("S", "").startswith(own[1])
        or item.get("sk", {}).get("S") == own[2]
    ]


def leave(world, bucket=MINE, history=History.KEEP):
    untrack(world.deployment, bucket, history, Progress())


def test_the_rule_the_policy_and_the_row_go_and_everything_else_stays(world, capsys):
    fill(world, MINE)
    fill(world, OTHER)
    configuration = {"EventBridgeConfiguration": {}}
    world.clients["s3"].put_bucket_notification_configuration(
        Bucket=MINE, NotificationConfiguration=configuration
    )
    before, others = len(items_of(world, MINE)), items_of(world, OTHER)

    leave(world)

    assert world.row(MINE) is None
    assert not world.stood.of(MINE)
    assert len(items_of(world, MINE)) == before - 1
    assert world.stood.of(OTHER)
    assert items_of(world, OTHER) == others
    kept = world.clients["s3"].get_bucket_notification_configuration(Bucket=MINE)
    assert "EventBridgeConfiguration" in kept
    assert capsys.readouterr().out.splitlines() == [
        f"{MINE}: not tracked any more; 1 rules and 1 policies removed",
        (
            f"its history stays: make track TARGET=local BUCKET={MINE} goes on with it, make untrack TARGET=local "
            f"BUCKET={MINE} HISTORY=delete deletes it"
        ),
        "its own notification configuration is as it was, because others may listen to its events",
    ]


def test_repeating_it_changes_nothing(world, capsys):
    fill(world, MINE)
    leave(world)
    before = items_of(world, MINE)
    capsys.readouterr()

    leave(world)
    leave(world, NEVER)

    assert items_of(world, MINE) == before
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if "was not tracked" in line] == [
        f"{MINE}: it was not tracked; 0 rules and 0 policies removed",
        f"{NEVER}: it was not tracked; 0 rules and 0 policies removed",
    ]


def test_a_bucket_that_is_gone_can_be_untracked(world, s3):
    fill(world, MINE)
    s3.delete_bucket(Bucket=MINE)

    leave(world)

    assert world.row(MINE) is None


def test_a_bucket_that_was_untracked_goes_on_with_its_history(world):
    fill(world, MINE)
    leave(world)

    track(world.deployment, MINE)

    assert world.row(MINE).hearing is Hearing.RECOVERING


@pytest.mark.parametrize(
    ("bucket", "line"),
    [
        (
            DATA,
            f"{DATA} is the data bucket, which is always tracked: make destroy TARGET=local removes the deployment",
        ),
        (
            NAMED,
            f"the settings name {NAMED}: take it out of trackedBuckets and make deploy TARGET=local first",
        ),
    ],
)
@pytest.mark.parametrize("history", History)
def test_a_bucket_of_the_stacks_is_refused(world, bucket, line, history):
    fill(world, bucket, 1)

    with pytest.raises(CommandError) as caught:
        leave(world, bucket, history)

    assert str(caught.value) == line
    assert world.noted == []


def test_with_its_history_nothing_of_a_bucket_stays_and_nothing_of_another_goes(world, capsys):
    fill(world, MINE)
    fill(world, OTHER)
    others = items_of(world, OTHER)

    leave(world, history=History.DELETE)

    assert items_of(world, MINE) == []
    assert items_of(world, OTHER) == others
    assert not world.stood.of(MINE)
    assert f"{MINE}: {6 * COUNT + 3} rows of its history and its ledger deleted" in capsys.readouterr().out


def test_the_row_says_leaving_from_before_the_first_deletion_until_after_the_last(world):
    fill(world, MINE)
    seen = []

    def look(**_):
        seen.append(world.row(MINE).hearing)

    for operation in ("BatchWriteItem", "DeleteItem"):
        world.clients["dynamodb"].meta.events.register(f"before-call.dynamodb.{operation}", look)

    leave(world, history=History.DELETE)

    assert len(seen) > 3
    assert set(seen) == {Hearing.LEAVING}
    assert world.noted[:2] == ["PutItem", "remove_targets"]
    assert world.noted[-4:] == ["DeleteItem"] * 4, (
        "the run, the recomputation, the totals and the row go last"
    )


def test_nothing_is_deleted_before_the_tracker_has_ended_what_it_began(world, monkeypatch):
    """An invocation that read the row before it was marked may still write a sample."""
    fill(world, MINE)
    world.clients["lambda"].get_function_configuration.return_value["Timeout"] = 30
    passed = [0.0]

    def sleep(seconds):
        assert world.row(MINE).hearing is Hearing.LEAVING
        assert "BatchWriteItem" not in world.noted
        passed[0] += seconds

    monkeypatch.setattr(untracking.time, "sleep", sleep)
    monkeypatch.setattr(untracking.time, "monotonic", lambda: passed[0])

    leave(world, history=History.DELETE)

    assert passed[0] == 30
    assert items_of(world, MINE) == []


def test_a_deletion_that_was_stopped_keeps_it_from_being_tracked_and_goes_on(world, monkeypatch):
    fill(world, MINE, 100)
    monkeypatch.setattr(deletion, "PAGE", 50)
    delete, calls = deletion._delete, [0]

    def delete_a_few(*arguments):
        calls[0] += 1
        if calls[0] > 5:
            raise KeyboardInterrupt
        delete(*arguments)

    monkeypatch.setattr(deletion, "_delete", delete_a_few)
    with pytest.raises(KeyboardInterrupt):
        leave(world, history=History.DELETE)
    monkeypatch.setattr(deletion, "_delete", delete)
    left = len(items_of(world, MINE))

    with pytest.raises(CommandError, match="is being untracked"):
        track(world.deployment, MINE)
    with pytest.raises(CommandError) as kept:
        leave(world)
    leave(world, history=History.DELETE)

    assert 0 < left < 6 * 100 + 4
    assert str(kept.value) == (
        f"a part of the history of {MINE} is deleted already: make untrack TARGET=local BUCKET={MINE} "
        "HISTORY=delete deletes the rest"
    )
    assert items_of(world, MINE) == []


def test_the_history_of_a_bucket_that_is_not_tracked_any_more_can_be_deleted_later(world):
    fill(world, MINE)
    leave(world)

    leave(world, history=History.DELETE)

    assert items_of(world, MINE) == []


def test_deletions_that_dynamodb_leaves_undone_are_repeated(world, monkeypatch):
    fill(world, MINE)
    monkeypatch.setattr(deletion.time, "sleep", lambda _: None)
    client = world.clients["dynamodb"]
    write, calls = client.batch_write_item, [0]

    def write_every_other_time(RequestItems):
        calls[0] += 1
        if calls[0] % 2:
            return {"UnprocessedItems": RequestItems}
        return write(RequestItems=RequestItems)

    monkeypatch.setattr(client, "batch_write_item", write_every_other_time)
    monkeypatch.setattr(deletion, "THREADS", 1)

    leave(world, history=History.DELETE)

    assert items_of(world, MINE) == []


def test_a_table_that_takes_no_deletion_is_one_clear_line_and_the_bucket_stays_leaving(world, monkeypatch):
    fill(world, MINE, 1)
    monkeypatch.setattr(deletion.time, "sleep", lambda _: None)
    client = world.clients["dynamodb"]
    monkeypatch.setattr(client, "batch_write_item", lambda RequestItems: {"UnprocessedItems": RequestItems})

    with pytest.raises(CommandError, match=r"^DynamoDB leaves deletions of history undone: repeat later"):
        leave(world, history=History.DELETE)

    assert world.row(MINE).hearing is Hearing.LEAVING


def test_the_maximum_of_all_buckets_stays_and_is_said_to_be_this_ones(world, capsys):
    fill(world, MINE, 1)
    peak = Peak(12, MINE, 1_800_000_000_000_000)
    world.put(peak.to_item())

    leave(world, history=History.DELETE)

    assert "the maximum of all buckets was its 12 bytes; it stays until another bucket is larger" in (
        capsys.readouterr().out
    )
    found = world.clients["dynamodb"].get_item(TableName=world.ledger, Key=items.PEAK_KEY)["Item"]
    assert Peak.from_item(found) == peak
