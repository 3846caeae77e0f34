"""`make reset` on an environment that is up and has been used."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.waiting import until
from tidemark.aws.buckets import empty_bucket
from tidemark.aws.emulator import client
from tidemark.local.processes import is_alive

pytestmark = pytest.mark.long


@pytest.fixture
def names(shared):
    return shared.state.environment().variables


@pytest.fixture
def clients(shared):
    endpoint = shared.state.environment().endpoint
    return {service: client(service, endpoint) for service in ("s3", "sqs", "dynamodb")}


def samples(clients, names):
    answer = clients["dynamodb"].query(
        TableName=names["TIDEMARK_HISTORY_TABLE"],
        KeyConditionExpression="bucket_name = :bucket",
        ExpressionAttributeValues={":bucket": {"S": names["TIDEMARK_DATA_BUCKET"]}},
        ConsistentRead=True,
    )
    return [int(item["total_size"]["N"]) for item in answer["Items"]]


def wait_for_last(clients, names, size):
    until(lambda: samples(clients, names)[-1:] == [size], f"the last sample is of {size} B")


def rows(clients, names):
    """Return how many items a ledger of a bucket that was never used has, and how many this one has."""
    return clients["dynamodb"].scan(TableName=names["TIDEMARK_LEDGER_TABLE"], Select="COUNT")["Count"]


def test_everything_is_empty_afterwards_and_the_next_change_is_tracked(shared, clients, names):
    data, plots = names["TIDEMARK_DATA_BUCKET"], names["TIDEMARK_PLOT_BUCKET"]
    shared.run("reset")
    unused = rows(clients, names)
    before = shared.state.records()
    for number in range(5):
        clients["s3"].put_object(Bucket=data, Key=f"in/{number}", Body=b"x" * 10)
    clients["s3"].put_object(Bucket=plots, Key="plot", Body=b"not really")
    wait_for_last(clients, names, 50)
    queues = [names[f"TIDEMARK_{queue}_URL"] for queue in ("QUEUE", "DLQ", "RULE_DLQ")]
    for url in queues:
        clients["sqs"].send_message(QueueUrl=url, MessageBody="nobody can read this")

    done = shared.run("reset")

    assert done.returncode == 0, done.stderr
    assert "6 objects deleted" in done.stderr
    for bucket in (data, plots):
        assert "Contents" not in clients["s3"].list_objects_v2(Bucket=bucket)
    assert samples(clients, names) == [0]
    assert rows(clients, names) == unused
    expiry = clients["dynamodb"].describe_time_to_live(TableName=names["TIDEMARK_LEDGER_TABLE"])
    assert expiry["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED", "tombstones go"
    for url in queues:
        told = clients["sqs"].get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert int(told["ApproximateNumberOfMessages"]) == 0
    assert shared.state.records() == before
    assert all(is_alive(record) for record in before)
    clients["s3"].put_object(Bucket=data, Key="next", Body=b"12345")
    wait_for_last(clients, names, 5)
    assert shared.run("status").returncode == 0
    shared.run("reset")


def test_a_bucket_that_was_added_stays_tracked_with_what_it_holds(shared, clients, names):
    clients["s3"].create_bucket(Bucket="mine")
    clients["s3"].put_object(Bucket="mine", Key="kept", Body=b"123")
    shared.run("track", "--bucket", "mine")
    mine = {**names, "TIDEMARK_DATA_BUCKET": "mine"}
    wait_for_last(clients, mine, 3)

    shared.run("reset")

    wait_for_last(clients, mine, 3)
    clients["s3"].put_object(Bucket="mine", Key="more", Body=b"4567")
    wait_for_last(clients, mine, 7)
    shared.run("untrack", "--bucket", "mine")
    empty_bucket(clients["s3"], "mine")
    clients["s3"].delete_bucket(Bucket="mine")
    clients["sqs"].purge_queue(QueueUrl=names["TIDEMARK_QUEUE_URL"])


def test_a_key_that_xml_cannot_hold_is_removed(shared, clients, names):
    data = names["TIDEMARK_DATA_BUCKET"]
    for key in ("up\x10load/a\x1bb", "plain"):
        clients["s3"].put_object(Bucket=data, Key=key, Body=b"x")
    clients["s3"].create_multipart_upload(Bucket=data, Key="up 1%+load/né&ver<ended")

    done = shared.run("reset")

    assert done.returncode == 0, done.stderr
    assert clients["s3"].list_objects_v2(Bucket=data)["KeyCount"] == 0
    assert "Uploads" not in clients["s3"].list_multipart_uploads(Bucket=data)
    assert samples(clients, names) == [0]


def test_more_than_a_page_of_versions_whose_keys_need_quoting_is_removed(shared, clients, names):
    s3, data = clients["s3"], names["TIDEMARK_DATA_BUCKET"]
    s3.put_bucket_versioning(Bucket=data, VersioningConfiguration={"Status": "Enabled"})
    with ThreadPoolExecutor(4) as pool:
        keys = [f"date=2026-01-01/part-{number:04}" for number in range(1100)]
        list(pool.map(lambda key: s3.put_object(Bucket=data, Key=key, Body=b"x"), keys))
    s3.delete_object(Bucket=data, Key=keys[0])

    done = shared.run("reset")

    s3.put_bucket_versioning(Bucket=data, VersioningConfiguration={"Status": "Suspended"})
    assert done.returncode == 0, done.stderr
    assert "1101 objects deleted" in done.stderr
    listed = s3.list_object_versions(Bucket=data)
    assert "Versions" not in listed
    assert "DeleteMarkers" not in listed
