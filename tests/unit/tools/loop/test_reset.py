"""In which order `make reset` empties, seen by a LocalStack that holds nothing but two tables."""

import json

import pytest

from infra_cdk.images import SERVICES
from size_history.items import State, Totals
from tests.servers import SilentHandler, serving
from tidemark.local.progress import Progress
from tidemark.local.state import Environment
from tidemark.loop.reset import reset

OLD = {"history", "ledger"}
BASELINE = Totals(0, 0, 0, 0, 0, 0, 0, 1, State.LIVE).to_item("data")


class Tables:
    """Both tables of before, and at each creation, which of them were still there."""

    def __init__(self):
        self.old = set(OLD)
        self.deleting = set()
        self.new = set()
        self.old_at_creation = []

    def answer(self, operation, request):
        name = request.get("TableName")
        if operation == "DeleteTable":
            self.deleting.add(name)
        elif operation == "CreateTable":
            self.old_at_creation.append(set(self.old))
            self.new.add(name)
        elif operation == "DescribeTable":
            self.old -= self.deleting & {name}  # a deletion takes until somebody asks whether it has ended
            if name not in self.old | self.new:
                return 400, {"__type": "ResourceNotFoundException", "message": "no such table"}
            return 200, {"Table": {"TableName": name, "TableStatus": "ACTIVE"}}
        elif operation == "Query":
            return 200, {"Items": []}
        elif operation == "GetItem":
            return 200, {"Item": BASELINE}
        return 200, {}


@pytest.fixture
def tables():
    return Tables()


@pytest.fixture
def environment(tables):
    """Yield an environment whose endpoint knows tables, empty buckets and queues, and functions without a mapping."""

    class Emulator(SilentHandler):
        def do_POST(self):
            request = self.body()
            service, _, operation = self.headers.get("X-Amz-Target", "").partition(".")
            if self.path.startswith("/_localstack/"):
                status, answer = 200, {"recycled": 0}
            elif service == "AmazonSQS":
                status, answer = 200, {"Attributes": {"ApproximateNumberOfMessages": "0"}}
            else:
                status, answer = tables.answer(operation, json.loads(request))
            self.answer(status, json.dumps(answer).encode())

        def do_GET(self):
            if "event-source-mappings" in self.path:
                self.answer(200, b'{"EventSourceMappings": []}')
            else:
                self.answer(200, b"<ListVersionsResult/>", "application/xml")

    with serving(Emulator) as server:
        endpoint = server.url
        names = {
            **{f"TIDEMARK_{name.replace('-', '_').upper()}_FUNCTION": name for name in SERVICES},
            "TIDEMARK_DATA_BUCKET": "data",
            "TIDEMARK_PLOT_BUCKET": "plots",
            "TIDEMARK_HISTORY_TABLE": "history",
            "TIDEMARK_LEDGER_TABLE": "ledger",
            "TIDEMARK_QUEUE_URL": f"{endpoint}/queue",
        }
        yield Environment(endpoint, names)


def test_both_tables_are_gone_before_either_is_there_again(environment, tables):
    """Else an event in flight would write the old ledger's total into the new history."""
    reset(environment, Progress())

    assert tables.new == OLD
    assert tables.old_at_creation == [set(), set()]
