"""The edge cases of S3's objects and EventBridge's events, on a real DynamoDB engine."""

import json
import tracemalloc
import uuid
from pathlib import Path

import pytest
from botocore.awsrequest import AWSResponse

from size_history import items
from size_history.messages import ReconcileRequest
from size_tracking.events import Hint, parse
from size_tracking.observer import Observer, Page
from size_tracking.values import ABSENT, Observation
from tests.integration.size_tracking.world import World, batch_of, event, live, process, record, weight

pytestmark = pytest.mark.long

EVENTS = sorted((Path(__file__).parents[2] / "events").glob("*.json"))
TERABYTE = 10**12
MAX_OBJECT_BYTES = 50 * TERABYTE
EXACT_IN_A_FLOAT = 2**53
AWKWARD = [
    "k" * 1024,
    "🪣" * 256,
    "ü/" + "🜁" * 255,
    "a+b",
    "a%2Fb",
    "a%b",
    "new\nline",
    "tail/",
    "/",
    "//",
    " ",
    "k",
]


class OnRealS3(World):
    """A world whose objects are in a real bucket, seen through the tracker's own observer."""

    def __init__(self, client):
        super().__init__()
        self._observer = Observer(client)

    def observe(self, bucket, keys):
        return self._observer.observe(bucket, keys)

    def page(self, bucket, after, size):
        return self._observer.page(bucket, after, size)


def on_real_s3(s3, bucket, ledger):
    """Return the world and the tracker of a real bucket that is live."""
    world = OnRealS3(s3)
    batch = batch_of(world, ledger)
    live(world, batch, bucket)
    return world, batch


@pytest.fixture
def real_bucket(s3):
    bucket = f"edges-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    return bucket


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_every_kind_of_event_is_a_hint_at_its_key_as_it_stands(path):
    """The files hold events as in EventBridge's reference of Amazon S3 events."""
    sent = json.loads(path.read_text())

    assert parse(json.dumps(sent["event"])) == Hint("data", sent["event"]["detail"]["object"]["key"])
    assert parse(json.dumps(sent["event"], ensure_ascii=False)) == parse(json.dumps(sent["event"]))


def test_the_size_in_an_event_is_not_used(world, batch, ledger):
    live(world, batch)
    world.put("films/reel.mov", 7)
    sent = json.loads((EVENTS[0].parent / "multipart.json").read_text())["event"]
    assert sent["detail"]["object"]["size"] != 7

    process(batch, {"messageId": "m", "body": json.dumps(sent)})

    assert weight(ledger) == (7, 1)


def test_totals_beyond_the_precision_of_a_float_are_exact_to_the_byte(world, batch, ledger, samples):
    live(world, batch)
    count = 400
    for number in range(count):
        world.put(f"archive/{number}", MAX_OBJECT_BYTES - 1 - number % 2)
    hints = [event(f"archive/{number}") for number in range(count)]

    process(batch, *hints)
    world.put("one more byte", 1)
    process(batch, event("one more byte"))

    expected = count * MAX_OBJECT_BYTES - count - count // 2 + 1
    assert expected > 2 * EXACT_IN_A_FLOAT
    assert int(float(expected)) != expected, "a float would have done"
    assert weight(ledger) == (expected, count + 1)
    assert samples()[-1].total_size == expected
    assert samples()[-2].total_size == expected - 1
    assert ledger.header("data").peak.size == expected


def test_the_index_sorts_samples_beyond_the_precision_of_a_float(world, batch, ledger, dynamodb, tables):
    live(world, batch)
    for size in (EXACT_IN_A_FLOAT, EXACT_IN_A_FLOAT + 1, EXACT_IN_A_FLOAT - 1):
        world.put("k", size)
        process(batch, event("k"))

    answer = dynamodb.query(
        TableName=tables.history,
        IndexName=tables.size_index,
        KeyConditionExpression="bucket_name = :b",
        ExpressionAttributeValues={":b": items.text("data")},
        ScanIndexForward=False,
        Limit=1,
    )

    assert items.Sample.from_item(answer["Items"][0]).total_size == EXACT_IN_A_FLOAT + 1


def test_every_awkward_key_is_tracked_by_its_own_name_through_a_real_bucket(s3, real_bucket, ledger):
    _, batch = on_real_s3(s3, real_bucket, ledger)
    for number, key in enumerate(AWKWARD):
        s3.put_object(Bucket=real_bucket, Key=key, Body=b"." * number)  # the first one is empty

    hints = [event(key, bucket=real_bucket) for key in AWKWARD]
    process(batch, *hints)
    sizes = {key: row.seen.size for key, row in ledger.rows(real_bucket, AWKWARD)[0].items()}
    assert sizes == {key: number for number, key in enumerate(AWKWARD)}
    assert weight(ledger, real_bucket) == (sum(range(len(AWKWARD))), len(AWKWARD))

    for key in AWKWARD:
        s3.delete_object(Bucket=real_bucket, Key=key)
    process(batch, *hints)
    assert weight(ledger, real_bucket) == (0, 0)


def test_an_empty_object_is_an_object(s3, real_bucket, ledger, samples):
    _, batch = on_real_s3(s3, real_bucket, ledger)
    s3.put_object(Bucket=real_bucket, Key="nothing", Body=b"")

    process(batch, event("nothing", bucket=real_bucket))

    assert [(one.total_size, one.object_cnt) for one in samples(real_bucket)] == [(0, 0), (0, 1)]


def test_the_size_of_an_sse_c_object_comes_from_the_listing(s3, real_bucket, ledger):
    """HEAD without the customer's key is a 400 on AWS. Neighbours in the listing are not mistaken for the key."""

    def refuse(request, **_):
        return AWSResponse(request.url, 400, {}, _Empty())

    _, batch = on_real_s3(s3, real_bucket, ledger)
    for key in ("sealed", "sealed/inner", "gone.txt.backup"):
        s3.put_object(Bucket=real_bucket, Key=key, Body=b"." * len(key))
    s3.meta.events.register("before-send.s3.HeadObject", refuse)
    try:
        hints = [event(key, bucket=real_bucket) for key in ("sealed", "gone.txt", "sealed/inner")]
        process(batch, *hints)
    finally:
        s3.meta.events.unregister("before-send.s3.HeadObject", refuse)

    assert weight(ledger, real_bucket) == (len("sealed") + len("sealed/inner"), 2)
    assert not ledger.rows(real_bucket, ["gone.txt"])[0]["gone.txt"].seen.present


class _Empty:
    content = b""

    def stream(self, *_, **__):
        return iter(())


def test_events_of_a_bucket_that_is_gone_bring_its_total_to_0(s3, real_bucket, ledger, samples):
    world, batch = on_real_s3(s3, real_bucket, ledger)
    for key in ("a", "b"):
        s3.put_object(Bucket=real_bucket, Key=key, Body=b"1234")
    process(batch, *[event(key, bucket=real_bucket) for key in "ab"])
    for key in ("a", "b"):
        s3.delete_object(Bucket=real_bucket, Key=key)
    s3.delete_bucket(Bucket=real_bucket)

    process(batch, event("a", bucket=real_bucket))
    assert weight(ledger, real_bucket) == (4, 1)
    live(world, batch, real_bucket)  # its reconcile finds the rest gone, too

    assert weight(ledger, real_bucket) == (0, 0)
    assert samples(real_bucket)[-1].removed_cnt == 2


class Killed(BaseException):
    """The process dies: nothing in the tracker may catch it."""


class Synthetic:
    """A bucket of `count` 50 TB objects that take no memory. The first handler that asks about `kills` dies."""

    def __init__(self, count, kills):
        self._count = count
        self._kills = {kills}
        self._seen = Observation(MAX_OBJECT_BYTES, etag="e", last_modified="2026-01-01T00:00:00Z")
        self.sent = []

    def observe(self, bucket, keys):
        keys = list(keys)
        if self._kills.intersection(keys):
            self._kills.clear()
            raise Killed
        return {key: self._seen if int(key) < self._count else ABSENT for key in keys}, {}

    def page(self, bucket, after, size):
        first = int(after) + 1 if after else 0
        last = min(first + size, self._count)
        return Page(
            tuple((f"{number:08}", self._seen) for number in range(first, last)), more=last < self._count
        )

    def send(self, message, *, delay_seconds=0):
        if not delay_seconds:
            self.sent.append(message)


def memory_of_adopting(ledger, bucket, count):
    """Adopt `count` objects with a kill in the middle of a page; return the maximum memory of a step in bytes."""
    world = Synthetic(count, kills=f"{count // 2000 * 1000 + 500:08}")
    batch = batch_of(world, ledger)
    process(batch, record(ReconcileRequest(bucket)))
    steps = killed = 0
    tracemalloc.start()
    try:
        while world.sent:
            step = world.sent.pop(0)
            steps += 1
            try:
                process(batch, record(step))
            except Killed:
                killed += 1
                world.sent.append(step)
        maximum = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert killed == 1
    assert steps == count // 1000 + 1 + killed  # one more step finds the end
    return maximum


@pytest.mark.timeout(900)
def test_an_adoption_of_20_000_objects_needs_no_more_memory_than_one_of_3_000_and_goes_on_after_a_kill(
    ledger, samples, show
):
    """Listing and HEAD are answered at the observation seam, for speed; the tables are in a real engine."""
    count = 20_000
    small = memory_of_adopting(ledger, "small", 3000)
    large = memory_of_adopting(ledger, "large", count)

    show(f"\n  adopted: 3,000 objects in {small:,} bytes of memory at most, 20,000 in {large:,}")
    assert weight(ledger, "large") == (count * MAX_OBJECT_BYTES, count)
    (baseline,) = samples("large")
    assert (baseline.total_size, baseline.object_cnt, baseline.created_cnt) == (
        count * MAX_OBJECT_BYTES,
        count,
        0,
    )
    assert large < 1.25 * small
