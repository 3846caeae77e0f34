"""What `make demo` finds before it uploads anything."""

from pathlib import Path
from unittest.mock import Mock

import pytest

from size_history.items import bucket_key
from size_history.sources import Hearing, Source
from tidemark.errors import CommandError
from tidemark.local.state import Environment
from tidemark.loop.demo import Demonstration


def demonstration(row):
    """Return a demonstration whose data bucket has this row, or none."""
    tables = Mock()
    tables.get_item.side_effect = lambda TableName, Key, ConsistentRead: (
        {"Item": row.to_item("data")} if row and Key == bucket_key("data") else {}
    )
    names = {"TIDEMARK_DATA_BUCKET": "data", "TIDEMARK_LEDGER_TABLE": "ledger"}
    return Demonstration(Environment("http://local", names), Path(), Mock(), tables)


@pytest.mark.parametrize("hearing", [Hearing.DEAF, Hearing.GONE])
def test_a_data_bucket_whose_changes_do_not_arrive_is_said_to_be_so_before_a_minute_of_waiting(hearing):
    with pytest.raises(CommandError) as caught:
        demonstration(Source(since=1, hearing=hearing, reason="its events are off")).require_heard()

    assert str(caught.value) == f"the data bucket is {hearing}, its events are off: see make status"


@pytest.mark.parametrize("row", [None, Source(since=1), Source(since=1, hearing=Hearing.RECOVERING)])
def test_a_data_bucket_that_is_heard_is_used(row):
    demonstration(row).require_heard()
