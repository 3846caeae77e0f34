"""Keys that DynamoDB leaves unread are requested again, and never taken for absent."""

import inspect
import time

import pytest

from size_history import items
from size_history.batch_get import UnreadKeysError, batch_get
from size_history.budgets import FIRST_READ_PAUSE_SECONDS, MAX_READS

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
    assert pauses == pytest.approx([FIRST_READ_PAUSE_SECONDS * 2**number for number in range(MAX_READS - 1)])
    assert 0 < sum(pauses) < 3


def test_no_keys_cost_no_request():
    table = Table(served=100)

    assert batch_get(table.batch_get_item, "ledger", []) == []
    assert table.requests == 0


def test_keys_that_are_read_at_the_last_request_are_enough():
    class Late(Table):
        def batch_get_item(self, RequestItems):
            self.served = 100 if self.requests == MAX_READS - 1 else 0
            return super().batch_get_item(RequestItems)

    assert batch_get(Late(served=0).batch_get_item, "ledger", WANTED, sleep=lambda _: None) == STORED


def test_the_pauses_are_real_unless_a_test_says_otherwise():
    assert inspect.signature(batch_get).parameters["sleep"].default is time.sleep


def test_a_table_that_answers_nothing_for_a_key_has_none():
    answer = {"Responses": {}, "UnprocessedKeys": {"other": {"Keys": [1]}}}

    assert batch_get(lambda **_: answer, "ledger", WANTED) == []
