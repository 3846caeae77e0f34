"""The stand-in for DynamoDB answers like the engine: the answers and the stored items agree."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from size_history import keys
from size_history.items import Peak, Rollup, Sample, State, Totals
from size_history.rollups import Interval, Point, Unit
from size_tracking.ledger import Ledger
from size_tracking.values import ABSENT, Observation, PrefixDelta, RowWrite, Run, Transaction
from tests.engine import Tables, client_of, create_tables
from tests.stateful.memory import MemoryDynamoDB

pytestmark = pytest.mark.long

NAMES = ("a", "b", "🪣/c")
names = st.sampled_from(NAMES)
revisions = st.integers(0, 2)
seen = st.just(ABSENT) | st.builds(Observation, st.integers(0, 3), st.just("e"), st.just("t"), st.just(""))
rows = st.lists(
    st.builds(lambda key, read, what: RowWrite(key, read, read + 1, what), names, revisions, seen),
    max_size=3,
    unique_by=lambda row: row.key,
)
deltas = st.lists(
    st.builds(PrefixDelta, st.sampled_from((".", "p/")), st.integers(-3, 3), st.integers(-1, 1)),
    max_size=2,
    unique_by=lambda delta: delta.prefix,
)
totals = st.builds(
    lambda revision, size: Totals(size, 1, 1, 0, 0, size, 1, revision + 1, State.LIVE),
    revisions,
    st.integers(0, 9),
)
peaks = st.builds(lambda size: Peak(size, "data", 1), st.integers(0, 5))
samples = st.builds(lambda time, size: Sample("data", time, size, 1), st.integers(0, 3), st.integers(0, 5))
runs = st.builds(lambda revision: Run("r", 10, 0, 0, revision=revision + 1), revisions)
transactions = st.builds(
    Transaction,
    st.just("data"),
    rows.map(tuple),
    st.none() | runs,
    deltas.map(tuple),
    st.none() | totals,
    st.none() | samples,
    st.none() | peaks,
).filter(lambda one: one != Transaction("data"))
instants = st.integers(0, 4)
requests = st.lists(
    st.tuples(st.just("commit"), transactions)
    | st.tuples(st.just("create_totals"), st.just("data"))
    | st.tuples(st.just("put_run"), runs)
    | st.tuples(st.just("rows"), st.lists(names, min_size=1, unique=True))
    | st.tuples(st.just("put_rollups"), st.lists(instants, unique=True, max_size=4))
    | st.tuples(st.just("rollups"), st.tuples(instants, instants))
    | st.tuples(st.just("samples"), st.tuples(instants, instants))
    | st.tuples(st.just("last_sample_time"), st.just("data"))
    | st.tuples(
        st.just("between"), st.tuples(st.sampled_from(("", *NAMES)), st.sampled_from((None, *NAMES)))
    ),
    min_size=1,
    max_size=12,
)


def _between(ledger: Ledger, range_: tuple[str, str | None]) -> Any:
    shards = {keys.shard(name) for name in NAMES}
    return [list(ledger.objects_between("data", shard, *range_)) for shard in sorted(shards)]


SENDING: dict[str, Callable[[Ledger, Any], Any]] = {
    "commit": lambda ledger, given_: ledger.commit(given_, now=5_000_000),
    "create_totals": lambda ledger, given_: ledger.create_totals(given_, None, now=5),
    "put_run": lambda ledger, given_: ledger.put_run("data", given_),
    "rows": lambda ledger, given_: ledger.rows("data", given_),
    "put_rollups": lambda ledger, given_: ledger.put_rollups("data", [_rollup(start) for start in given_]),
    "rollups": lambda ledger, given_: ledger.rollups("data", Unit.MINUTE, *given_),
    "samples": lambda ledger, given_: [sample for page in ledger.samples("data", *given_) for sample in page],
    "last_sample_time": lambda ledger, given_: ledger.last_sample_time(given_),
    "between": _between,
}


def answer(ledger: Ledger, request: tuple[str, Any]) -> Any:
    """Send a request and return the answer or the error code."""
    what, given_ = request
    try:
        return SENDING[what](ledger, given_)
    except ClientError as error:
        return error.response["Error"]["Code"]


def _rollup(start: int) -> Rollup:
    point = Point(start, 1, start)
    return Rollup(Unit.MINUTE, Interval(start, point, point, 1), point)


@pytest.fixture(scope="module")
def dynamodb(aws_endpoint):
    return client_of(aws_endpoint)


@given(sequence=requests)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_stand_in_answers_like_the_engine(dynamodb, sequence):
    tables = create_tables(dynamodb, Tables("conform-history", "conform-ledger"))
    try:
        real = Ledger(dynamodb, ledger_table=tables.ledger, history_table=tables.history)
        stand_in = MemoryDynamoDB()
        ours = Ledger(stand_in, ledger_table="ledger", history_table="history")

        for request in sequence:
            assert answer(ours, request) == answer(real, request), request

        for name in ("ledger", "history"):
            stored = dynamodb.scan(TableName=getattr(tables, name))["Items"]
            in_memory = list(stand_in.tables[name].values())
            assert sorted(map(_text, in_memory)) == sorted(map(_text, stored))
    finally:
        for table in (tables.ledger, tables.history):
            dynamodb.delete_table(TableName=table)


def _text(item: dict[str, Any]) -> str:
    return json.dumps(item, sort_keys=True)
