"""Keys that DynamoDB leaves unread: asked for again, and never taken for absent."""

import pytest

from plotting.ledger import READ_ATTEMPTS, Ledger, LedgerBusyError
from size_history import items
from size_history.items import Peak, State, Totals

TOTALS = Totals(27, 3, 7, 2, 4, 27, 1, 5, State.LIVE)
PEAK = Peak(50, "videos", 1)
STORED = [TOTALS.to_item("photos"), PEAK.to_item()]


class Throttled:
    """Reads one key of each request while it is short of capacity, none if it is out of it."""

    def __init__(self, *, served):
        self.served = served
        self.requests = 0

    def batch_get_item(self, RequestItems):
        self.requests += 1
        ((table, wanted),) = RequestItems.items()
        assert wanted["ConsistentRead"] is True
        read, left = wanted["Keys"][: self.served], wanted["Keys"][self.served :]
        found = [item for item in STORED if any(key.items() <= item.items() for key in read)]
        answer = {"Responses": {table: found}, "UnprocessedKeys": {}}
        if left:
            answer["UnprocessedKeys"] = {table: {"Keys": left, "ConsistentRead": True}}
        return answer


def test_keys_left_unread_are_asked_for_again_after_a_pause():
    client, pauses = Throttled(served=1), []
    ledger = Ledger(client, "ledger", None, sleep=pauses.append)

    assert ledger.totals_and_peak("photos") == (TOTALS, PEAK)
    assert client.requests == 2
    assert len(pauses) == 1


def test_a_table_that_serves_nothing_is_an_error_and_not_a_bucket_that_is_not_tracked():
    client, pauses = Throttled(served=0), []
    ledger = Ledger(client, "ledger", None, sleep=pauses.append)

    with pytest.raises(LedgerBusyError, match="2 items of ledger were left unread"):
        ledger.totals_and_peak("photos")

    assert client.requests == READ_ATTEMPTS
    assert pauses == sorted(pauses)


def test_what_is_not_there_is_none():
    ledger = Ledger(Throttled(served=100), "ledger", None)

    assert ledger.totals_and_peak("nothing-here") == (None, PEAK)
    assert items.totals_key("photos").items() <= STORED[0].items()
