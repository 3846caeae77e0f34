from size_history.items import State, Totals, bucket_key
from tidemark.aws.ledger import totals, tracked_buckets

TOTALS = Totals(5, 1, 1, 0, 0, 5, 0, 1, State.LIVE)


class Ledger:
    """Stands in for boto3's client, with a query that is answered in two pages."""

    def get_item(self, TableName, Key, ConsistentRead):
        assert (TableName, ConsistentRead) == ("ledger", True)
        item = TOTALS.to_item("photos")
        return {"Item": item} if Key.items() <= item.items() else {}

    def get_paginator(self, operation):
        assert operation == "query"
        return self

    def paginate(self, **_request):
        return [{"Items": [bucket_key("a")]}, {"Items": [bucket_key("photos")]}]


def test_the_totals_of_a_tracked_bucket_are_those_of_its_row():
    assert totals(Ledger(), "ledger", "photos") == TOTALS


def test_a_bucket_without_totals_has_none():
    assert totals(Ledger(), "ledger", "other") is None


def test_tracked_buckets_are_those_of_every_page():
    assert tracked_buckets(Ledger(), "ledger") == ["a", "photos"]
