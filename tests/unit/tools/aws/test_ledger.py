"""What the commands read from the ledger."""

import pytest

from size_history.items import State, Totals, bucket_key, number
from size_history.sources import Hearing, Source, Status
from tests.unit.tools.operations.stand_ins import refused
from tidemark.aws import ledger
from tidemark.aws.ledger import Tracked, totals, tracked_buckets

TOTALS = Totals(5, 1, 1, 0, 0, 5, 0, 1, State.LIVE)
DEAF = Source(since=5, hearing=Hearing.DEAF, reason="off", revision=3)
LEAVING = Source(since=6, hearing=Hearing.LEAVING, revision=2)
OLD = {**bucket_key("a"), "since": number(4)}
"""A row of version 0.1."""


class Ledger:
    """Stands in for boto3's client, with a query that is answered in two pages."""

    def __init__(self, pages):
        self.pages = pages
        self.read = []

    def get_item(self, TableName, Key, ConsistentRead):
        assert (TableName, ConsistentRead) == ("ledger", True)
        item = TOTALS.to_item("photos")
        return {"Item": item} if Key.items() <= item.items() else {}

    def get_paginator(self, operation):
        assert operation == "query"
        return self

    def paginate(self, TableName, ConsistentRead, **_request):
        assert (TableName, ConsistentRead) == ("ledger", True)
        return [{"Items": page} for page in self.pages]

    def batch_get_item(self, RequestItems):
        (wanted,) = RequestItems.values()
        self.read.append(len(wanted["Keys"]))
        assert wanted["ConsistentRead"]
        names = [key["pk"]["S"] for key in wanted["Keys"]]
        return {"Responses": {"ledger": [TOTALS.to_item(name) for name in names if name != "c"]}}


@pytest.fixture
def client():
    pages = [OLD, DEAF.to_item("b"), Source(since=5).to_item("c")], [LEAVING.to_item("d")]
    return Ledger(pages)


def test_the_totals_of_a_tracked_bucket_are_those_of_its_row(client):
    assert totals(client, "ledger", "photos") == TOTALS


def test_a_bucket_without_totals_has_none(client):
    assert totals(client, "ledger", "other") is None


def test_tracked_buckets_are_those_of_every_page_that_are_not_being_untracked(client):
    assert tracked_buckets(client, "ledger") == ["a", "b", "c"]


def test_each_bucket_with_a_row_has_the_state_that_follows_from_row_and_totals(client):
    found = ledger.tracked(client, "ledger", now=7)

    assert {name: each.status.state for name, each in found.items() if each.source.tracked} == {
        "a": Status.LIVE,
        "b": Status.DEAF,
        "c": Status.ADOPTING,
    }
    assert found["b"] == Tracked(DEAF, found["b"].status)
    assert found["d"].source == LEAVING


def test_the_totals_of_hundreds_of_buckets_are_read_a_hundred_at_a_time():
    client = Ledger([[Source(since=5).to_item(f"b{number:03}") for number in range(250)]])

    assert len(ledger.tracked(client, "ledger", now=7)) == 250
    assert client.read == [100, 100, 50]


@pytest.mark.parametrize(
    ("stored", "revision", "written"),
    [(None, 1, True), (0, 1, True), (1, 1, False), (1, 2, True), (2, 2, False), (None, 2, False)],
)
def test_a_row_is_written_if_the_stored_one_is_one_revision_older(stored, revision, written):
    """A row of version 0.1 has no revision."""
    requests = []

    class Table:
        def put_item(self, **request):
            requests.append(request)
            held = (
                None if stored is None else bucket_key("a") | ({"revision": number(stored)} if stored else {})
            )
            if not holds(request, held):
                raise refused("ConditionalCheckFailedException")

    row = Source(since=5, revision=revision)
    assert ledger.put_source(Table(), "ledger", "a", row) is written
    assert requests[0]["Item"] == row.to_item("a")


def holds(request, item):
    """Return whether the request's condition holds for a stored item."""
    if request["ConditionExpression"] == "attribute_not_exists(revision)":
        return item is None or "revision" not in item
    assert request["ConditionExpression"] == "revision = :before"
    before = request["ExpressionAttributeValues"][":before"]
    return item is not None and item.get("revision") == before
