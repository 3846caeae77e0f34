"""In which order `make reset` empties, seen by a LocalStack that holds nothing but two tables."""

import json
from dataclasses import replace

import pytest

from infra_cdk.images import SERVICES
from size_history.items import State, Totals, bucket_key, number
from size_history.sources import Hearing, Source
from tests.servers import SilentHandler, serving
from tidemark.local.state import Environment
from tidemark.loop.reset import reset
from tidemark.progress import Progress

OLD = {"history", "ledger"}
DEAF = Source(since=5, hearing=Hearing.DEAF, reason="off", checked=6, revision=3)
LEAVING = Source(since=5, hearing=Hearing.LEAVING, revision=3)
OLD_ROW = {**bucket_key("old"), "since": number(4)}
ROWS = [Source(since=4, revision=8).to_item("data"), DEAF.to_item("deaf"), LEAVING.to_item("left"), OLD_ROW]
BASELINE = Totals(0, 0, 0, 0, 0, 0, 0, 1, State.LIVE).to_item("data")


class Emulator(SilentHandler):
    """A LocalStack with two tables, empty buckets and queues, and functions without a mapping."""

    def do_POST(self):
        request = self.body()
        service, _, operation = self.headers.get("X-Amz-Target", "").partition(".")
        if self.path.startswith("/_localstack/"):
            status, answer = 200, {"recycled": 0}
        elif service == "AmazonSQS":
            if operation == "SendMessage":
                self.server.sent.append(json.loads(json.loads(request)["MessageBody"])["bucket"])
            status, answer = 200, {"Attributes": {"ApproximateNumberOfMessages": "0"}}
        else:
            status, answer = self.of_tables(operation, json.loads(request))
        self.answer(status, json.dumps(answer).encode())

    def do_GET(self):
        if "event-source-mappings" in self.path:
            self.answer(200, b'{"EventSourceMappings": []}')
        else:
            self.answer(200, b"<ListVersionsResult/>", "application/xml")

    def of_tables(self, operation, request):
        server, name = self.server, request.get("TableName")
        if operation == "DeleteTable":
            server.deleting.add(name)
        elif operation == "CreateTable":
            server.old_at_creation.append(set(server.old))
            server.new.add(name)
        elif operation == "DescribeTable":
            server.old -= server.deleting & {
                name
            }  # a deletion takes until somebody asks whether it has ended
            if name not in server.old | server.new:
                return 400, {"__type": "ResourceNotFoundException", "message": "no such table"}
            return 200, {"Table": {"TableName": name, "TableStatus": "ACTIVE"}}
        elif operation == "PutItem":
            assert server.new == OLD, "both tables are there again"
            server.put.append(request["Item"])
        answers = {"Query": {"Items": ROWS}, "GetItem": {"Item": BASELINE}}
        return 200, answers.get(operation, {})


@pytest.fixture
def emulator():
    with serving(Emulator) as server:
        server.old, server.deleting, server.new, server.old_at_creation = set(OLD), set(), set(), []
        server.put, server.sent = [], []
        yield server


@pytest.fixture
def environment(emulator):
    names = {
        **{f"TIDEMARK_{name.replace('-', '_').upper()}_FUNCTION": name for name in SERVICES},
        "TIDEMARK_DATA_BUCKET": "data",
        "TIDEMARK_PLOT_BUCKET": "plots",
        "TIDEMARK_HISTORY_TABLE": "history",
        "TIDEMARK_LEDGER_TABLE": "ledger",
        "TIDEMARK_QUEUE_URL": f"{emulator.url}/queue",
    }
    return Environment(emulator.url, names)


def test_both_tables_are_gone_before_either_is_there_again(emulator, environment):
    """Else an event in flight would write the old ledger's total into the new history."""
    reset(environment, Progress())

    assert emulator.new == OLD
    assert emulator.old_at_creation == [set(), set()]


def test_tracked_buckets_stay_so_deaf_ones_deaf_and_one_that_was_leaving_is_gone(emulator, environment):
    """A check that read an old row has an old revision, so it cannot overwrite the new row."""
    reset(environment, Progress())

    assert emulator.put == [
        Source(since=4, revision=9).to_item("data"),
        replace(DEAF, revision=4).to_item("deaf"),
        Source(since=4, revision=1).to_item("old"),
    ]
    assert emulator.sent == ["data", "deaf", "old"]
