"""Samples of a restored table put back into the history, on a real DynamoDB engine."""

from dataclasses import replace

import pytest

from size_history import items
from size_history.items import Peak, Sample, State, Totals
from size_history.sources import Hearing, Source
from tests.engine import Tables, create_tables
from tests.integration.operations.conftest import DATA, MINE, NAMED
from tidemark.aws.deployment import Deployment
from tidemark.aws.ledger import totals
from tidemark.errors import CommandError
from tidemark.operate.restore import restore, track_again

RESTORED = Tables("history-restored", "ledger-restored")


@pytest.fixture
def deployment(aws_endpoint, tables):
    made = Deployment("local", aws_endpoint)
    # What the stacks would say.
    made.__dict__["outputs"] = {"HistoryTableName": tables.history, "LedgerTableName": tables.ledger}
    return made


@pytest.fixture
def restored(dynamodb, tables):
    return create_tables(dynamodb, RESTORED).history


def samples(bucket, *sizes):
    return [
        Sample(bucket, time=1_700_000_000_000_000 + number, total_size=size, object_cnt=1, revision=number)
        for number, size in enumerate(sizes)
    ]


def put(dynamodb, table, recorded):
    for sample in recorded:
        dynamodb.put_item(TableName=table, Item=sample.to_item())


def all_of(dynamodb, table):
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    found = [Sample.from_item(item) for page in pages for item in page["Items"]]
    return sorted(found, key=lambda sample: (sample.bucket, sample.time))


def peak(dynamodb, tables):
    found = dynamodb.get_item(TableName=tables.ledger, Key=items.PEAK_KEY).get("Item")
    return Peak.from_item(found) if found else None


def test_what_was_lost_comes_back_and_what_came_since_stays(dynamodb, tables, restored, deployment):
    before, since = samples("bucket", 0, 18, 27), Sample("bucket", 1_800_000_000_000_000, 5, 1)
    put(dynamodb, restored, [*before, *samples("other", 99)])
    put(dynamodb, tables.history, [before[0], since])

    done = restore(deployment, restored)

    assert done == (4, 3)
    assert all_of(dynamodb, tables.history) == [*before, since, *samples("other", 99)]


def test_a_sample_that_is_there_is_never_overwritten(dynamodb, tables, restored, deployment):
    put(dynamodb, restored, samples("bucket", 1))
    put(dynamodb, tables.history, samples("bucket", 2))

    assert restore(deployment, restored) == (1, 0)
    assert all_of(dynamodb, tables.history) == samples("bucket", 2)


def test_repeating_it_changes_nothing(dynamodb, tables, restored, deployment):
    put(dynamodb, restored, samples("bucket", *range(300)))

    assert restore(deployment, restored) == (300, 300)
    assert restore(deployment, restored) == (300, 0)


@pytest.mark.parametrize(("recorded", "expected"), [(None, 27), (10, 27), (40, 40)])
def test_the_largest_total_is_raised_and_never_lowered(
    dynamodb, tables, restored, deployment, recorded, expected
):
    put(dynamodb, restored, samples("bucket", 0, 27, 18))
    if recorded is not None:
        dynamodb.put_item(TableName=tables.ledger, Item=Peak(recorded, "other", 1).to_item())

    restore(deployment, restored)

    assert peak(dynamodb, tables).size == expected


def test_a_table_that_is_no_history_is_refused_before_anything_is_written(
    dynamodb, tables, restored, deployment
):
    dynamodb.put_item(TableName=RESTORED.ledger, Item=Peak(1, "bucket", 1).to_item())

    with pytest.raises(CommandError, match=f"{RESTORED.ledger} is no history of Tidemark's"):
        restore(deployment, RESTORED.ledger)

    assert all_of(dynamodb, tables.history) == []


def test_an_empty_table_restores_nothing_and_raises_no_peak(dynamodb, tables, restored, deployment):
    assert restore(deployment, restored) == (0, 0)
    assert peak(dynamodb, tables) is None


def test_a_wrong_name_is_one_clear_line(tables, deployment, dynamodb):
    with pytest.raises(CommandError, match="there is no table nowhere here"):
        restore(deployment, "nowhere")


RECORDED = Totals(9, 2, 3, 1, 1, max_size=12, last_time=1_800_000_000_000_000, revision=7, state=State.LIVE)


@pytest.mark.parametrize(("size", "maximum"), [(5, 12), (27, 27)])
def test_a_buckets_maximum_is_raised_and_its_answers_of_before_are_old(
    dynamodb, tables, restored, deployment, size, maximum
):
    put(dynamodb, restored, samples("bucket", 0, size, 3))
    dynamodb.put_item(TableName=tables.ledger, Item=RECORDED.to_item("bucket"))

    restore(deployment, restored)

    assert totals(dynamodb, tables.ledger, "bucket") == replace(RECORDED, max_size=maximum, revision=8)


def test_a_bucket_that_is_not_tracked_stays_so(dynamodb, tables, restored, deployment):
    put(dynamodb, restored, samples("bucket", 1))

    restore(deployment, restored)

    assert totals(dynamodb, tables.ledger, "bucket") is None


def test_a_change_meanwhile_is_not_undone(dynamodb, tables, restored, deployment, monkeypatch):
    put(dynamodb, restored, samples("bucket", 27))
    dynamodb.put_item(TableName=tables.ledger, Item=RECORDED.to_item("bucket"))
    changed = replace(RECORDED, size=11, revision=8)
    client = deployment.client("dynamodb")
    write = client.update_item
    monkeypatch.setattr(type(deployment), "client", lambda *_: client)

    def write_after_a_change(**request):
        monkeypatch.setattr(client, "update_item", write)
        dynamodb.put_item(TableName=tables.ledger, Item=changed.to_item("bucket"))
        return write(**request)

    monkeypatch.setattr(client, "update_item", write_after_a_change)

    restore(deployment, restored)

    assert totals(dynamodb, tables.ledger, "bucket") == replace(changed, max_size=27, revision=9)


def test_from_the_history_itself_the_maxima_of_a_lost_ledger_come_back(dynamodb, tables, deployment):
    put(dynamodb, tables.history, [*samples("bucket", 0, 27, 18), *samples("other", 99, 1)])
    dynamodb.put_item(TableName=tables.ledger, Item=RECORDED.to_item("bucket"))

    assert restore(deployment, tables.history) == (5, 0)

    assert totals(dynamodb, tables.ledger, "bucket").max_size == 27
    assert peak(dynamodb, tables) == Peak(99, "other", 1_700_000_000_000_000)


def test_in_a_lost_ledger_the_buckets_of_the_settings_and_of_added_rules_are_tracked_again(world):
    """A bucket that was untracked has no rule any more, and a bucket that is gone has nothing to adopt."""
    world.stood.add(MINE)
    world.stood.add("was-deleted")

    assert track_again(world.deployment) == [DATA, NAMED, MINE]

    assert {world.row(bucket).hearing for bucket in (DATA, NAMED, MINE)} == {Hearing.HEARD}
    assert world.row("was-deleted") is None
    assert "PutBucketNotificationConfiguration" not in world.noted


def test_the_rows_that_are_there_stay_as_they_are(world):
    world.stood.add(MINE)
    deaf = Source(since=5, hearing=Hearing.DEAF, reason="why", revision=3)
    leaving = Source(since=6, hearing=Hearing.LEAVING, revision=2)
    for bucket, row in ((DATA, deaf), (NAMED, deaf), (MINE, leaving)):
        world.put(row.to_item(bucket))

    assert track_again(world.deployment) == []

    assert (world.row(DATA), world.row(NAMED), world.row(MINE)) == (deaf, deaf, leaving)
