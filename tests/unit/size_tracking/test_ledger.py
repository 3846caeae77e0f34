"""The requests that the Ledger makes, and how it reads the answers. That DynamoDB understands them: tests/integration."""

import inspect
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from size_history import items, keys
from size_history.deadline import Deadline
from size_history.items import Peak, Recomputed, Rollup, Sample, State, Totals
from size_history.rollups import Unit
from size_history.sources import Source
from size_tracking.ledger import MAX_PAGES_PER_SHARD, Ledger
from size_tracking.transaction import put_run, put_source, put_totals
from size_tracking.values import (
    ABSENT,
    Header,
    ObjectRow,
    Observation,
    Outcome,
    PrefixDelta,
    RowWrite,
    Run,
    Transaction,
)
from tests.stateful.memory import MemoryDynamoDB, failure
from tests.unit.size_tracking.parts import ADOPTING, LIVE, NOW, Recorded

SEEN = Observation(7, "e", "2026-01-01T00:00:00Z", "v")
RUN = Run("r", 1, started=5, moved=5)
PEAK = Peak(3, "b", NOW)


@pytest.fixture
def tables():
    return MemoryDynamoDB()


@pytest.fixture
def ledger(tables):
    return Ledger(tables, ledger_table="ledger", history_table="history", sleep=lambda _: None)


def store(tables, *rows):
    for row in rows:
        tables._put({"TableName": "ledger", "Item": row})


def test_rows_are_found_by_key_and_the_bucket_row_apart(ledger, tables):
    """A key may be called like the bucket's row."""
    name = keys.BUCKET_ROW + "b"
    seen = {"size": 7, "etag": "e", "last_modified": SEEN.last_modified, "version_id": "v"}
    row = {key: items.number(value) if key == "size" else items.text(value) for key, value in seen.items()}
    store(
        tables,
        {**items.object_key("b", "k"), **row, "revision": items.number(4)},
        {**items.object_key("b", name), **row, "listed": {"BOOL": True}, "revision": items.number(5)},
        {**items.object_key("b", "gone"), "revision": items.number(6)},
        Source(since=9).to_item("b"),
    )

    rows, source = ledger.rows("b", ["k", "none", "gone", name])

    assert rows == {
        "k": ObjectRow(4, SEEN),
        "gone": ObjectRow(6, ABSENT),
        name: ObjectRow(5, replace(SEEN, listed=True)),
    }
    assert source == Source(since=9)


def test_a_bucket_without_a_row_has_none(ledger):
    assert ledger.rows("b", ["k"]) == ({}, None)
    assert ledger.header("b") == Header(None, None, None)
    assert ledger.totals_and_peak("b") == (None, None)
    assert ledger.run("b") is None


def test_the_header_is_read_at_once(ledger, tables):
    store(tables, LIVE.to_item("b"), PEAK.to_item(), Source(since=9).to_item("b"), ADOPTING.to_item("other"))

    assert ledger.header("b") == Header(LIVE, PEAK, Source(since=9))
    assert ledger.totals_and_peak("b") == (LIVE, PEAK)


def test_keys_that_dynamodb_leaves_unread_are_read_again_after_a_pause():
    pauses = []

    class Busy(MemoryDynamoDB):
        def batch_get_item(self, *, RequestItems):
            if not pauses:
                return {"Responses": {}, "UnprocessedKeys": RequestItems}
            return super().batch_get_item(RequestItems=RequestItems)

    tables = Busy()
    store(tables, LIVE.to_item("b"))
    ledger = Ledger(tables, ledger_table="ledger", history_table="history", sleep=pauses.append)

    assert ledger.totals_and_peak("b")[0] == LIVE
    assert len(pauses) == 1
    assert inspect.signature(Ledger).parameters["sleep"].default is time.sleep


class Pages:
    """A client whose query has these pages."""

    def __init__(self, *pages):
        self.pages, self.read = pages, 0

    def get_paginator(self, operation):
        assert operation == "query"
        return self

    def paginate(self, **request):
        self.request = request
        for page in self.pages:
            self.read += 1
            yield page


def reader(*pages):
    client = Pages(*pages)
    return client, Ledger(client, ledger_table="ledger", history_table="history")


def item(key):
    texts = {name: items.text("x") for name in ("etag", "last_modified", "version_id")}
    return {**items.object_key("b", key), "size": items.number(1), **texts}


@pytest.mark.parametrize(
    ("after", "until", "condition", "values"),
    [
        ("", None, "pk = :pk", {}),
        ("a", None, "pk = :pk AND sk > :after", {":after": "a"}),
        ("", "m", "pk = :pk AND sk <= :until", {":until": "m"}),
        ("a", "m", "pk = :pk AND sk BETWEEN :after AND :until", {":after": "a", ":until": "m"}),
    ],
)
def test_a_range_of_a_shard_is_one_query(after, until, condition, values):
    client, ledger = reader({"Items": [item("b"), item("c")]})

    found = list(ledger.objects_between("b", "0a", after, until))

    assert [key for key, _ in found] == ["b", "c"]
    assert found[0][1] == Observation(1, "x", "x", "x")
    assert client.request == {
        "TableName": "ledger",
        "KeyConditionExpression": condition,
        "FilterExpression": "attribute_exists(#size)",
        "ExpressionAttributeNames": {"#size": "size"},
        "ExpressionAttributeValues": {
            ":pk": {"S": "b#object#0a"},
            **{name: {"S": value} for name, value in values.items()},
        },
        "ConsistentRead": True,
    }


def test_the_key_before_the_range_is_not_in_it():
    """BETWEEN includes both ends."""
    _, ledger = reader({"Items": [item("a"), item("b")]})

    assert [key for key, _ in ledger.objects_between("b", "0a", "a", "m")] == ["b"]


@pytest.mark.parametrize(("after", "until"), [("m", "a"), ("m", "m")])
def test_an_empty_range_costs_no_request(after, until):
    client, ledger = reader({"Items": []})

    assert list(ledger.objects_between("b", "0a", after, until)) == []
    assert client.read == 0


def page(key, *, more=True):
    found = {"Items": [item(key)]}
    return {**found, "LastEvaluatedKey": items.object_key("b", key + "~")} if more else found


def test_one_step_reads_a_limited_number_of_pages_and_says_up_to_where():
    client, ledger = reader(*[page(f"k{number}") for number in range(MAX_PAGES_PER_SHARD + 5)])

    found = list(ledger.objects_between("b", "0a", "", None))

    assert MAX_PAGES_PER_SHARD == 8  # of a megabyte each, for 16 shards
    assert client.read == MAX_PAGES_PER_SHARD
    assert [key for key, _ in found[:-1]] == [f"k{number}" for number in range(MAX_PAGES_PER_SHARD)]
    assert found[-1] == (f"k{MAX_PAGES_PER_SHARD - 1}~", None)


def test_a_range_that_ends_with_the_last_page_that_may_be_read_is_complete():
    pages = [page(f"k{number}") for number in range(MAX_PAGES_PER_SHARD - 1)]
    _, ledger = reader(*pages, page("last", more=False))

    assert list(ledger.objects_between("b", "0a", "", None))[-1][0] == "last"


def test_the_tracked_buckets_are_those_of_every_page_that_are_not_being_untracked():
    leaving = replace(Source(since=1), hearing="leaving")
    client, ledger = reader(
        {"Items": [Source(since=1).to_item("one"), leaving.to_item("two")]},
        {"Items": [Source(since=1).to_item("three"), Source(since=1).to_item("bucket/four")]},
    )

    assert list(ledger.tracked_buckets()) == ["one", "three", "bucket/four"]
    assert client.request == {
        "TableName": "ledger",
        "KeyConditionExpression": "pk = :every AND begins_with(sk, :bucket)",
        "ExpressionAttributeValues": {":every": {"S": "*"}, ":bucket": {"S": "bucket/"}},
        "ConsistentRead": True,
    }


def test_sources_are_found_by_name(ledger, tables):
    store(tables, Source(since=1).to_item("one"), Source(since=2).to_item("two"))

    assert ledger.sources(["one", "none", "two"]) == {"one": Source(since=1), "two": Source(since=2)}


def test_a_put_says_whether_the_row_had_not_moved(ledger, tables):
    assert ledger.put_source("b", Source(since=1)) is True
    assert ledger.put_source("b", Source(since=2)) is False
    assert ledger.put_source("b", Source(since=3, revision=2)) is True
    assert ledger.put_run("b", RUN) is True
    assert ledger.put_run("b", RUN) is False
    assert ledger.run("b") == RUN
    assert ledger.sources(["b"]) == {"b": Source(since=3, revision=2)}


def test_another_error_of_a_put_rises(ledger, monkeypatch):
    def fail(**_):
        raise failure("dynamodb", "PutItem", "AccessDeniedException", 400)

    monkeypatch.setattr(ledger.client, "put_item", fail)

    with pytest.raises(ClientError, match="AccessDenied"):
        ledger.put_run("b", RUN)


class Transacting:
    exceptions = MemoryDynamoDB().exceptions

    def __init__(self, error=None):
        self.error, self.writes = error, None

    def transact_write_items(self, *, TransactItems):
        self.writes = TransactItems
        if self.error:
            raise self.error


def transacting(code=None, reasons=()):
    answer = [{"Code": each} for each in reasons]
    error = failure("dynamodb", "TransactWriteItems", code, 400, CancellationReasons=answer) if code else None
    client = Transacting(error)
    return client, Ledger(client, ledger_table="ledger", history_table="history")


TRANSACTION = Transaction(
    "b", (RowWrite("k", 0, 1, SEEN), RowWrite("l", 0, 1, SEEN)), RUN, (PrefixDelta(".", 7, 1),)
)


@pytest.mark.parametrize(
    ("reasons", "outcome"),
    [
        (["None", "None", "ConditionalCheckFailed", "None"], Outcome.ROW_MOVED),
        (["None", "ConditionalCheckFailed", "None", "None"], Outcome.ROW_MOVED),
        (["None", "None", "None", "ConditionalCheckFailed"], Outcome.TOTALS_MOVED),
    ],
)
def test_the_rows_and_the_run_are_the_commits_own_items(reasons, outcome):
    _, ledger = transacting("TransactionCanceledException", reasons)

    assert ledger.commit(TRANSACTION, now=NOW) is outcome


def test_without_a_run_only_the_rows_are_the_commits_own_items():
    _, ledger = transacting("TransactionCanceledException", ["None", "None", "ConditionalCheckFailed"])

    assert ledger.commit(replace(TRANSACTION, run=None), now=NOW) is Outcome.TOTALS_MOVED


def test_a_commit_that_succeeds_or_is_still_going_on():
    """The second may still fail or succeed; to plan it again on totals read anew is right in both cases."""
    assert transacting()[1].commit(TRANSACTION, now=NOW) is Outcome.COMMITTED
    going_on = transacting("TransactionInProgressException")[1]
    assert going_on.commit(TRANSACTION, now=NOW) is Outcome.TOTALS_MOVED


def test_another_error_of_a_commit_rises():
    with pytest.raises(ClientError, match="ValidationException"):
        transacting("ValidationException")[1].commit(TRANSACTION, now=NOW)


def test_a_commit_writes_to_both_tables():
    client, ledger = transacting()
    totals = Totals(1, 1, 1, 0, 0, max_size=1, last_time=NOW, revision=3, state=State.LIVE)
    sample = items.Sample("b", NOW, 1, 1)

    ledger.commit(Transaction("b", totals=totals, sample=sample), now=NOW)

    assert [write["Put"]["TableName"] for write in client.writes] == ["ledger", "history"]


@pytest.mark.parametrize("source", [None, Source(since=1)])
def test_totals_are_created_at_zero_with_the_bucket_row_if_it_is_missing(source):
    client, ledger = transacting()

    assert ledger.create_totals("b", source, now=NOW) is Outcome.COMMITTED

    row = [] if source else [{"Put": put_source("ledger", "b", Source(since=NOW))}]
    assert client.writes == [put_totals("ledger", "b", ADOPTING), *row]
    assert Totals(0, 0, 0, 0, 0, max_size=0, last_time=0, revision=1, state=State.ADOPTING) == ADOPTING


def test_a_creation_that_came_too_late_says_that_the_totals_moved():
    reasons = ["ConditionalCheckFailed", "None"]

    assert transacting("TransactionCanceledException", reasons)[1].create_totals("b", None, now=NOW) is (
        Outcome.TOTALS_MOVED
    )


def test_the_samples_of_a_range_are_all_pages_of_one_query_without_their_keys(ledger, tables):
    tables.page_rows = 2
    samples = [Sample("b", NOW + number, number, 1, 2, 3, 4, 5, ("k",), 1) for number in range(5)]
    for sample in (*samples, Sample("c", NOW, 9, 9)):
        tables._put({"TableName": "history", "Item": sample.to_item()})

    found = list(ledger.samples("b", NOW + 1, NOW + 4))

    assert [[sample.time - NOW for sample in page] for page in found] == [[1, 2], [3]]
    assert list(ledger.samples("b", NOW, NOW)) == []


def test_a_sample_is_read_without_what_rollups_do_not_need():
    asked = []
    client = SimpleNamespace(
        get_paginator=lambda _: SimpleNamespace(paginate=lambda **query: asked.append(query) or [])
    )

    list(Ledger(client, ledger_table="ledger", history_table="history").samples("b", 0, 10))

    names = "#bucket, #time, total_size, object_cnt, created_cnt, overwritten_cnt, removed_cnt"
    assert asked[0]["ProjectionExpression"] == names
    assert asked[0]["TableName"] == "history"


@pytest.mark.parametrize("times", [(), (NOW,), (NOW + 2, NOW, NOW + 1)], ids=["none", "one", "some"])
def test_the_time_of_the_last_sample(ledger, tables, times):
    for time_ in times:
        tables._put({"TableName": "history", "Item": Sample("b", time_, 1, 1).to_item()})
    tables._put({"TableName": "history", "Item": Sample("c", NOW + 9, 1, 1).to_item()})

    assert ledger.last_sample_time("b") == max(times, default=0)


@pytest.mark.parametrize("count", [0, 1, 100, 101, 200, 201])
def test_rollups_are_put_a_hundred_at_a_time_and_read_by_their_start(tables, count):
    journal = []
    recorded = Recorded(tables, journal, Deadline())
    ledger = Ledger(recorded, ledger_table="ledger", history_table="history")
    minute = Unit.MINUTE.length
    rollups = [Rollup.of(Unit.MINUTE, Sample("b", number * minute + 7, number, 1)) for number in range(count)]

    ledger.put_rollups("b", rollups)

    assert ledger.rollups("b", Unit.MINUTE, 0, count * minute) == rollups
    assert ledger.rollups("b", Unit.HOUR, 0, count * minute) == []
    assert ledger.rollups("b", Unit.MINUTE, minute, 3 * minute) == rollups[1:3]
    assert len(journal) == -(-count // 100)


def test_the_last_recomputation_has_a_row(ledger, tables):
    ledger.put_recomputed("b", Recomputed(NOW, 3))

    assert tables.tables["ledger"]["b", "rollups"] == Recomputed(NOW, 3).to_item("b")


def test_a_run_is_put_into_the_ledger(ledger, tables):
    ledger.put_run("b", RUN)

    assert tables.tables["ledger"]["b", "reconcile"] == put_run("ledger", "b", RUN)["Item"]
