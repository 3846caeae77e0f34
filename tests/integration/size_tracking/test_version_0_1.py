"""Tables of version 0.1, filled by its own code: after an update one daily message makes their rollups.

While both versions write, as in a canary or around a rollback, nothing that is stored is wrong.
"""

import json
import os
import subprocess
import sys
import tarfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest

from size_history.messages import RecomputeRollups, ReconcileEveryBucket, ReconcileRequest
from size_tracking.handler import wire
from size_tracking.settings import Settings
from size_tracking.tracker import Clock
from tests.engine import session_of
from tests.stateful import books
from tests.tracked import EVERY_BUCKET

ROOT = Path(__file__).parents[3]
VERSION_0_1 = "2965e6c"
"""The last commit of version 0.1."""
SECOND = 1_000_000
START = 1_800_000_000 * SECOND
PROGRAM = """
import json, sys
import boto3
from size_tracking.handler import wire
from size_tracking.settings import Settings
from size_tracking.tracker import Clock

now, told, sys.stdout = [0], sys.stdout, sys.stderr
session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
batch = wire(Settings(**json.loads(sys.argv[1])), session, Clock(now=lambda: now[0]))
for line in sys.stdin:
    now[0], records = json.loads(line)
    print(json.dumps(batch.handle(records, remaining_ms=60_000)), file=told, flush=True)
"""


class Old:
    """The tracker of version 0.1, in a process of its own."""

    def __init__(self, code, endpoint, names):
        paths = [str(code / "services" / name / "src") for name in ("size_history", "size_tracking")]
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, json.dumps(names)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "AWS_ENDPOINT_URL": endpoint},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def handle(self, now, records):
        self._process.stdin.write(json.dumps([now, records]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)


class World:
    """A bucket, both versions of the tracker around the same tables and queue, and a clock."""

    def __init__(self, endpoint, tables, code):
        self.session = session_of(endpoint)
        self.s3, self.sqs = self.session.client("s3"), self.session.client("sqs")
        self.dynamodb, self.tables = self.session.client("dynamodb"), tables
        self.queue = self.sqs.create_queue(QueueName="versions")["QueueUrl"]
        self.s3.create_bucket(Bucket="versions")
        self.now = START
        names = {"history_table": tables.history, "ledger_table": tables.ledger, "queue_url": self.queue}
        self.old = Old(code, endpoint, names)
        new = wire(
            Settings(**names, tracked_buckets=EVERY_BUCKET.named), self.session, Clock(now=lambda: self.now)
        )
        self.versions = {
            "0.1": lambda records: self.old.handle(self.now, records),
            "new": lambda records: new.handle(records, remaining_ms=60_000),
        }

    def change(self, version, size, *, after):
        """Overwrite an object some seconds later, and let a version process its event."""
        self.now += after * SECOND
        self.s3.put_object(Bucket="versions", Key=f"k{size % 3}", Body=b"." * size)
        detail = {"bucket": {"name": "versions"}, "object": {"key": f"k{size % 3}"}}
        self.process(version, json.dumps({"source": "aws.s3", "detail": detail}))

    def process(self, version, body):
        """Let a version process a message, and those that this sends."""
        bodies = [body]
        while bodies:
            self.now += 1000
            assert self.versions[version]([{"messageId": "m", "body": bodies.pop(0)}]) == []
            got = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
            for message in got.get("Messages", []):
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                bodies.append(message["Body"])

    def books(self):
        """Return what the tables hold, after a check that nothing in them is wrong."""
        ledger, history = (
            self.dynamodb.scan(TableName=table)["Items"]
            for table in (self.tables.ledger, self.tables.history)
        )
        found = books.read(ledger, history)
        books.assert_consistent(found)
        return found

    def close(self):
        self.old.close()
        for listed in self.s3.list_objects_v2(Bucket="versions").get("Contents", []):
            self.s3.delete_object(Bucket="versions", Key=listed["Key"])
        self.s3.delete_bucket(Bucket="versions")
        self.sqs.delete_queue(QueueUrl=self.queue)


@pytest.fixture
def world(aws_endpoint, tables, tmp_path):
    archive = ["git", "archive", VERSION_0_1, "services"]
    packed = subprocess.run(archive, cwd=ROOT, capture_output=True, check=False)
    if packed.returncode:
        pytest.skip(f"this clone has no history: {packed.stderr.decode().strip()}")
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as tar:
        tar.extractall(tmp_path, filter="data")
    made = World(aws_endpoint, tables, tmp_path)
    yield made
    with suppress(subprocess.TimeoutExpired):
        made.close()


GAPS = (1, 20, 20, 61, 3600, 5, 40_000, 30, 86_400, 1)


def test_one_daily_message_makes_the_rollups_of_a_history_of_version_0_1(world):
    world.process("0.1", ReconcileRequest("versions").to_json())
    for size, gap in enumerate(GAPS, start=1):
        world.change("0.1", size, after=gap)
    found = world.books()
    assert (found.rollups["versions"], books.unknown(found)) == ([], ["versions"])
    assert len(found.samples["versions"]) == len(GAPS) + 1

    world.process("new", ReconcileEveryBucket().to_json())

    found = world.books()
    assert books.unknown(found) == []
    assert len(found.rollups["versions"]) == 8  # five minutes, two hours and a day

    for size, gap in enumerate(GAPS, start=20):
        world.change("new", size, after=gap)
        assert books.unknown(world.books()) == []


def test_nothing_is_wrong_while_both_versions_write_and_the_next_daily_message_fills_what_is_missing(world):
    world.process("0.1", ReconcileRequest("versions").to_json())
    for size, gap in enumerate(GAPS, start=1):
        world.change("new" if size % 3 else "0.1", size, after=gap)
        world.books()
    world.process("new", RecomputeRollups("versions").to_json())
    for size, gap in enumerate(GAPS, start=20):
        world.change("0.1" if size % 4 == 0 else "new", size, after=gap)
        world.books()
    assert books.unknown(world.books()) == ["versions"]

    world.process("new", ReconcileEveryBucket().to_json())

    assert books.unknown(world.books()) == []


def test_version_0_1_leaves_the_request_to_the_version_that_knows_it(world):
    records = [{"messageId": "m", "body": RecomputeRollups("versions").to_json()}]

    assert world.versions["0.1"](records) == ["m"]
