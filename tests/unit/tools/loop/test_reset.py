"""In which order `make reset` empties, seen by a LocalStack that holds nothing but two tables."""

import json

import pytest

from infra_cdk.images import SERVICES
from size_history.items import State, Totals
from tests.servers import SilentHandler, serving
from tidemark.local.state import Environment
from tidemark.loop.reset import reset
from tidemark.progress import Progress

OLD = {"history", "ledger"}
BASELINE = Totals(0, 0, 0, 0, 0, 0, 0, 1, State.LIVE).to_item("data")


class Emulator(SilentHandler):
    """A LocalStack with two tables, empty buckets and queues, and functions without a mapping."""

    def do_POST(self):
        request = self.body()
        service, _, operation = self.headers.get("X-Amz-Target", "").partition(".")
        if self.path.startswith("/_localstack/"):
            status, answer = 200, {"recycled": 0}
        elif service == "AmazonSQS":
            status, answer = 200, {"Attributes": {"ApproximateNumberOfMessages": "0"}}
        else:
            status, answer = self.of_tables(operation, json.loads(request).get("TableName"))
        self.answer(status, json.dumps(answer).encode())

    def do_GET(self):
        if "event-source-mappings" in self.path:
            self.answer(200, b'{"EventSourceMappings": []}')
        else:
            self.answer(200, b"<ListVersionsResult/>", "application/xml")

    def of_tables(self, operation, name):
        server = self.server
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
        return 200, {"Query": {"Items": []}, "GetItem": {"Item": BASELINE}}.get(operation, {})


@pytest.fixture
def emulator():
    with serving(Emulator) as server:
        server.old, server.deleting, server.new, server.old_at_creation = set(OLD), set(), set(), []
        yield server


def test_both_tables_are_gone_before_either_is_there_again(emulator):
    """Else an event in flight would write the old ledger's total into the new history."""
    names = {
        **{f"TIDEMARK_{name.replace('-', '_').upper()}_FUNCTION": name for name in SERVICES},
        "TIDEMARK_DATA_BUCKET": "data",
        "TIDEMARK_PLOT_BUCKET": "plots",
        "TIDEMARK_HISTORY_TABLE": "history",
        "TIDEMARK_LEDGER_TABLE": "ledger",
        "TIDEMARK_QUEUE_URL": f"{emulator.url}/queue",
    }

    reset(Environment(emulator.url, names), Progress())

    assert emulator.new == OLD
    assert emulator.old_at_creation == [set(), set()]
