"""The application is deleted and made again while the bucket goes on changing: the data does not notice.

A bucket of somebody else's is tracked too, because the settings name it.
"""

import threading
from contextlib import contextmanager

import pytest

from size_history.items import Sample
from tests.integration.delivery.conftest import said
from tests.waiting import until
from tidemark.aws.deployment import Deployment
from tidemark.aws.ledger import totals

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

APPLICATION = ("Tidemark-local/LambdaStack", "-c", "target=local")
THEIRS = "a-bucket-of-theirs"
DEPLOY = ("deploy", f"CONTEXT=trackedBuckets={THEIRS},not-there-yet")
STORED = ("DataBucketName", "PlotBucketName", "HistoryTableName", "LedgerTableName")
OF_THE_APPLICATION = ("functions", "event source mappings", "queues", "rules", "roles", "APIs")


@contextmanager
def writing(s3, bucket):
    """Put objects of rising sizes, one after the other, until the block ends; yield the sizes so far."""
    sizes, stopped = [], threading.Event()

    def write():
        while not stopped.wait(0.2):
            size = len(sizes)
            s3.put_object(Bucket=bucket, Key=f"live/{size:05}", Body=b"x" * size)
            sizes.append(size)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield sizes
    finally:
        stopped.set()
        thread.join()


class Data:
    """What the storage stack holds, and what of it is a bucket's."""

    def __init__(self, target, outputs, bucket=None):
        self.bucket = bucket or outputs["DataBucketName"]
        self._tables = (outputs["HistoryTableName"], outputs["LedgerTableName"])
        self._dynamodb = target.client("dynamodb")
        self._s3 = target.client("s3")

    def rows(self):
        """Return every row of both tables."""
        pages = [
            page
            for table in self._tables
            for page in self._dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        ]
        return sorted((item for page in pages for item in page["Items"]), key=str)

    def samples(self):
        """Return the bucket's history, oldest first."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._tables[0],
            KeyConditionExpression="bucket_name = :bucket",
            ExpressionAttributeValues={":bucket": {"S": self.bucket}},
        )
        return [Sample.from_item(item) for page in pages for item in page["Items"]]

    def listed(self):
        """Return bytes and objects as a listing has them."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        sizes = [entry["Size"] for page in pages for entry in page.get("Contents", [])]
        return sum(sizes), len(sizes)

    def tracked(self):
        """Return bytes and objects as the ledger has them."""
        found = totals(self._dynamodb, self._tables[1], self.bucket)
        return found.size, found.count


def settle(data):
    """Wait until what is tracked is what a listing shows."""
    until(
        lambda: data.tracked() == data.listed(),
        lambda: f"tracked {data.tracked()} are listed {data.listed()}",
        pause=0.5,
    )


@pytest.fixture(scope="module")
def theirs(empty):
    """Yield a bucket that held something before anything was deployed."""
    s3 = empty.client("s3")
    s3.create_bucket(Bucket=THEIRS)
    s3.put_object(Bucket=THEIRS, Key="old", Body=b"x" * 100)
    return THEIRS


@pytest.fixture(scope="module")
def nothing(empty, theirs):
    """Return what is there without a deployment."""
    bootstrapped = empty.make("bootstrap")
    assert bootstrapped.returncode == 0, said(bootstrapped)
    return empty.holds()


@pytest.fixture(scope="module")
def deployed(empty, nothing):
    done = empty.make(*DEPLOY)
    assert done.returncode == 0, said(done)
    return done


@pytest.fixture(scope="module")
def before(empty, deployed):
    return Deployment("local", empty.endpoint).outputs


def test_a_bucket_that_the_settings_name_is_adopted_and_followed_without_another_command(
    empty, theirs, before, deployed
):
    data = Data(empty, before, theirs)
    adopted = data.tracked()

    empty.client("s3").put_object(Bucket=theirs, Key="new", Body=b"x" * 11)
    settle(data)

    assert adopted == (100, 1)
    assert data.tracked() == (111, 2)
    assert [rule for rule in empty.holds()["rules"] if "-track-" in rule] == []
    assert "there is no bucket not-there-yet here: make track TARGET=local BUCKET=not-there-yet" in (
        deployed.stdout
    )


def test_track_leaves_the_rule_and_the_permissions_of_such_a_bucket_to_the_stack(empty, theirs, before):
    tracked = empty.make("track", f"BUCKET={theirs}")

    assert tracked.returncode == 0, said(tracked)
    assert [rule for rule in empty.holds()["rules"] if "-track-" in rule] == []


def test_the_application_goes_and_comes_back_and_the_data_stays_as_it_is(empty, nothing, before):
    data = Data(empty, before)
    s3 = empty.client("s3")
    with writing(s3, data.bucket) as written:
        until(lambda: len(written) >= 20, "20 objects are written")
    settle(data)
    with writing(s3, data.bucket) as unseen:
        gone = empty.cdk("destroy", *APPLICATION, "--force")
        left, rows = empty.holds(), data.rows()
        until(lambda: len(unseen) >= 40, "40 objects are written")
        rows_later, samples = data.rows(), data.samples()
        again = empty.make(*DEPLOY)

    assert gone.returncode == 0, said(gone)
    assert {kind: left[kind] for kind in OF_THE_APPLICATION} == {
        kind: nothing[kind] for kind in OF_THE_APPLICATION
    }
    assert set(left["stacks"]) - set(nothing["stacks"]) == {"Tidemark-local-StorageStack CREATE_COMPLETE"}
    assert rows_later == rows
    assert again.returncode == 0, said(again)
    settle(data)
    after = Deployment("local", empty.endpoint).outputs
    assert {name: after[name] for name in STORED} == {name: before[name] for name in STORED}
    assert after["QueueUrl"] != before["QueueUrl"]
    assert len(samples) > 1
    assert data.samples()[: len(samples)] == samples
    assert data.tracked() == (sum(unseen), len(unseen))
