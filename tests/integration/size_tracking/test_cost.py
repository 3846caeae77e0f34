"""The cost of an event: the requests that botocore sends, in a bucket of 10 objects and in one of 20,000.

For speed the 20,000 objects are only rows of the Ledger; the tests would notice a listing as a request of another kind.
"""

import itertools
import uuid
from collections import Counter

import boto3
import pytest

from size_history.items import State, Totals
from size_tracking.handler import wire
from size_tracking.settings import Settings
from size_tracking.track_plan import go_live
from size_tracking.values import Observation, RowWrite, Transaction
from tests.bench import listing_tracker
from tests.bench.counting import Meter
from tests.integration.size_tracking.world import event
from tests.tracked import EVERY_BUCKET

LARGE = 20_000
ROWS_AT_ONCE = 100
MAX_ALONE = 4
MAX_BY_TEN = 1.6
"""Maximum numbers of requests per event, one by one and in batches of ten."""


@pytest.fixture
def bucket(s3):
    name = f"cost-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def metered(aws_endpoint, tables, monkeypatch):
    """Return the tracker as its function wires it, and a meter of its requests."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_endpoint)
    monkeypatch.setenv("HISTORY_TABLE", tables.history)
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
    meter = Meter(session)
    return (
        wire(Settings(tables.history, tables.ledger, "http://unused", EVERY_BUCKET.named), session),
        meter,
        session,
    )


def seed(ledger, bucket, count):
    """Write a live bucket of `count` one-byte objects into the Ledger, as an adoption would."""
    ledger.create_totals(bucket, None, now=1)
    seen = Observation(1, "seeded", "2026-01-01T00:00:00Z")
    rows = (RowWrite(f"folder-{number % 7}/{number}", 0, 1, seen) for number in range(count))
    while chunk := tuple(itertools.islice(rows, ROWS_AT_ONCE)):
        ledger.commit(Transaction(bucket, rows=chunk), now=1)
    adopting = Totals(count, count, 0, 0, 0, max_size=0, last_time=0, revision=1, state=State.ADOPTING)
    ledger.commit(go_live(bucket, adopting, None, now=1), now=1)


def put(s3, bucket, numbers):
    keys = [f"folder-{number % 7}/{number}" for number in numbers]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"changed")
    return [event(key, bucket=bucket) for key in keys]


def requests_of(metered, events, batch_size):
    """Process the events in batches and return the number of requests by operation."""
    tracker, meter, _ = metered
    before = meter.counted()
    for start in range(0, len(events), batch_size):
        assert tracker.handle(events[start : start + batch_size], remaining_ms=60_000) == []
    return meter.counted().since(before).requests


@pytest.mark.parametrize("objects", [10, LARGE])
def test_an_event_takes_the_same_requests_however_many_objects_there_are(
    metered, ledger, bucket, s3, objects
):
    seed(ledger, bucket, objects)
    alone, batched = put(s3, bucket, range(5)), put(s3, bucket, range(10))

    one_by_one = requests_of(metered, alone, 1)
    by_ten = requests_of(metered, batched, 10)

    assert one_by_one == Counter(
        {"s3.HeadObject": 5, "dynamodb.BatchGetItem": 10, "dynamodb.TransactWriteItems": 5}
    )
    assert by_ten == Counter(
        {"s3.HeadObject": 10, "dynamodb.BatchGetItem": 2, "dynamodb.TransactWriteItems": 1}
    )
    assert one_by_one.total() / 5 <= MAX_ALONE
    assert by_ten.total() / 10 <= MAX_BY_TEN
    totals = ledger.header(bucket).totals
    assert (totals.size, totals.count) == (objects + 10 * 6, objects)


def test_the_meter_sees_a_tracker_whose_requests_do_grow(metered, bucket, s3, tables, monkeypatch):
    _, meter, session = metered
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    listing_tracker._client.cache_clear()
    seen = []

    for count in (2, 1001):
        put(s3, bucket, range(0 if count == 2 else 2, count))
        before = meter.counted()
        listing_tracker.handler({"detail": {"bucket": {"name": bucket}}}, None)
        seen.append(meter.counted().since(before).requests)
    listing_tracker._client.cache_clear()

    assert seen[0] == Counter({"s3.ListObjectsV2": 1, "dynamodb.PutItem": 1})
    assert seen[1] == Counter({"s3.ListObjectsV2": 2, "dynamodb.PutItem": 1})


def test_an_event_one_by_one_consumes_what_the_bill_says(metered, ledger, bucket, s3):
    seed(ledger, bucket, 10)
    _, meter, _ = metered
    events = put(s3, bucket, [3])
    requests_of(metered, put(s3, bucket, [4]), 1)
    before = meter.counted()

    requests_of(metered, events, 1)

    spent = meter.counted().since(before)
    row, prefix, totals, sample, index, peak = 2, 2, 2, 2, 1, 2
    assert spent.write_units == row + prefix + totals + sample + index + peak
    assert spent.read_units == 2 + 2  # the row and the bucket's own row, then totals and peak
