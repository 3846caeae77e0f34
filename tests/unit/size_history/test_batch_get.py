"""Keys that DynamoDB leaves unread are requested again, and never taken for absent."""

import pytest

from size_history import items
from size_history.batch_get import UnreadKeysError, batch_get
from size_history.budgets import MAX_READS

STORED = [{**items.totals_key(name), "size": items.number(27)} for name in ("one", "two", "three")]
WANTED = [items.totals_key(name) for name in ("one", "none", "two", "three")]


class Table:
    """Reads at most `served` keys of each request."""

    def __init__(self, *, served):
        self.served = served
        self.requests = 0

    def batch_get_item(self, RequestItems):
        self.requests += 1
        ((table, request),) = RequestItems.items()
        assert request["ConsistentRead"] is True
        read, left = request["Keys"][: self.served], request["Keys"][self.served :]
        found = [item for item in STORED if any(key.items() <= item.items() for key in read)]
        return {"Responses": {table: found}, "UnprocessedKeys": {table: {"Keys": left}} if left else {}}


@pytest.mark.parametrize(("served", "requests"), [(100, 1), (3, 2), (1, 4)])
def test_every_item_that_exists_is_returned_however_many_requests_it_takes(served, requests):
    table, pauses = Table(served=served), []

    found = batch_get(table.batch_get_item, "ledger", WANTED, sleep=pauses.append)

    assert found == STORED
    assert table.requests == requests
    assert len(pauses) == requests - 1


def test_keys_that_stay_unread_are_an_error_after_a_limited_number_of_requests():
    table, pauses = Table(served=0), []

    with pytest.raises(UnreadKeysError, match="4 keys of ledger were left unread"):
        batch_get(table.batch_get_item, "ledger", WANTED, sleep=pauses.append)

    assert table.requests == MAX_READS
    assert pauses == sorted(pauses)
    assert sum(pauses) < 3


def test_no_keys_cost_no_request():
    table = Table(served=100)

    assert batch_get(table.batch_get_item, "ledger", []) == []
    assert table.requests == 0
