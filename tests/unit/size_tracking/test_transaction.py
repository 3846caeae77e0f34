"""What is written to DynamoDB, and what its refusals mean."""

from dataclasses import fields, replace

import pytest
from botocore.exceptions import ClientError

from size_history import items
from size_history.budgets import TRACKER
from size_history.items import Peak, Rollup, Sample, State, Totals, number
from size_history.rollups import Interval, Point, Unit
from size_history.sources import Hearing, Source
from size_tracking import transaction
from size_tracking.transaction import (
    TOMBSTONE_SECONDS,
    outcome_of,
    put_row,
    put_run,
    put_source,
    run_of,
    transact_items,
)
from size_tracking.values import ABSENT, Observation, Outcome, PrefixDelta, RowWrite, Run, Transaction

NOW = 1_800_000_000_000_000
SEEN = Observation(7, "e", "2026-01-01T00:00:00Z", "v")
RUN = Run(
    "r1",
    100,
    started=1,
    moved=2,
    revision=3,
    cursor="c",
    previous="p",
    announced=False,
    checked=4,
    healed=5,
    drift=6,
    refused=7,
    missed=8,
    settled=True,
    again=True,
    ended=9,
)
DAY = 24 * 3600


def test_a_tombstone_outlives_every_handler_and_never_lasts_less_than_a_day():
    """A handler that read the revision of a row must not find revision 0 again."""
    assert TOMBSTONE_SECONDS >= DAY
    assert TOMBSTONE_SECONDS == 30 * DAY
    assert 1000 * TRACKER.timeout_seconds < TOMBSTONE_SECONDS


def test_the_row_of_an_absent_object_expires_and_tells_nothing_else():
    item = put_row("ledger", "b", RowWrite("k", 4, 5, ABSENT), NOW)["Put"]["Item"]

    assert item == {
        **items.object_key("b", "k"),
        "revision": number(5),
        "expiry": number(NOW // 1_000_000 + TOMBSTONE_SECONDS),
    }


def test_the_row_of_an_object_tells_what_was_seen_and_does_not_expire():
    write = put_row("ledger", "b", RowWrite("k", 4, 5, SEEN), NOW)["Put"]

    assert write == {
        "TableName": "ledger",
        "Item": {
            **items.object_key("b", "k"),
            "revision": number(5),
            "size": number(7),
            "etag": {"S": "e"},
            "last_modified": {"S": "2026-01-01T00:00:00Z"},
            "version_id": {"S": "v"},
        },
        "ConditionExpression": "revision = :revision",
        "ExpressionAttributeValues": {":revision": number(4)},
    }


def test_a_row_from_a_listing_says_so():
    listed = replace(SEEN, listed=True)

    assert put_row("ledger", "b", RowWrite("k", 4, 5, listed), NOW)["Put"]["Item"]["listed"] == {"BOOL": True}


def test_an_object_of_no_bytes_is_present():
    item = put_row("ledger", "b", RowWrite("k", 0, 5, replace(SEEN, size=0)), NOW)["Put"]["Item"]

    assert item["size"] == number(0)
    assert "expiry" not in item


def test_the_first_write_of_a_row_demands_that_there_is_none():
    write = put_row("ledger", "b", RowWrite("k", 0, 5, SEEN), NOW)["Put"]

    assert write["ConditionExpression"] == "attribute_not_exists(pk)"
    assert "ExpressionAttributeValues" not in write


def test_every_field_of_a_run_comes_back():
    values = [getattr(RUN, field.name) for field in fields(RUN)]
    assert len({value for value in values if not isinstance(value, bool)}) == len(values) - 3

    assert run_of(put_run("ledger", "b", RUN)["Item"]) == RUN
    opposite = replace(RUN, announced=True, settled=False, again=False, ended=None)
    assert run_of(put_run("ledger", "b", opposite)["Item"]) == opposite


def test_a_run_is_put_on_condition_of_its_last_revision():
    write = put_run("ledger", "b", RUN)

    assert (write["TableName"], write["ConditionExpression"]) == ("ledger", "revision = :revision")
    assert write["ExpressionAttributeValues"] == {":revision": number(2)}
    assert (
        put_run("ledger", "b", replace(RUN, revision=1))["ConditionExpression"] == "attribute_not_exists(pk)"
    )


def test_a_run_of_version_0_1_comes_back():
    numbers = ("page_size", "started", "moved", "revision", "checked", "healed", "drift")
    item = {
        **items.reconcile_key("b"),
        **items.numbers_of(RUN, numbers),
        "run_id": {"S": "r1"},
        "cursor": {"S": "c"},
        "previous": {"S": "p"},
        "announced": {"BOOL": False},
    }

    assert run_of(item) == replace(RUN, refused=0, missed=0, settled=False, again=False, ended=None)


@pytest.mark.parametrize(
    ("revision", "condition"), [(1, "attribute_not_exists(revision)"), (2, "revision = :revision")]
)
def test_a_bucket_row_may_replace_one_of_version_0_1_which_has_no_revision(revision, condition):
    source = Source(5, Hearing.DEAF, "off", "2026-01-01T00:00:00Z", 6, 7, revision)

    write = put_source("ledger", "b", source)

    assert (write["TableName"], write["Item"]) == ("ledger", source.to_item("b"))
    assert write["ConditionExpression"] == condition
    assert write.get("ExpressionAttributeValues") == ({":revision": number(1)} if revision == 2 else None)


TOTALS = Totals(1, 2, 3, 4, 5, max_size=6, last_time=7, revision=8, state=State.LIVE)
SAMPLE = Sample("b", 7, 1, 2)
PEAK = Peak(9, "b", 7)


def test_a_transaction_writes_everything_with_the_rows_and_the_run_first():
    """The reasons of a refusal tell by their place which item moved."""
    written = transact_items(
        Transaction(
            "b",
            rows=(RowWrite("k", 4, 5, SEEN), RowWrite("l", 0, 1, ABSENT)),
            run=RUN,
            prefixes=(PrefixDelta("p/", -3, 1),),
            totals=TOTALS,
            sample=SAMPLE,
            peak=PEAK,
            source=Source(since=1),
        ),
        ledger="ledger",
        history="history",
        now=NOW,
    )

    assert written == [
        put_row("ledger", "b", RowWrite("k", 4, 5, SEEN), NOW),
        put_row("ledger", "b", RowWrite("l", 0, 1, ABSENT), NOW),
        {"Put": put_run("ledger", "b", RUN)},
        {
            "Update": {
                "TableName": "ledger",
                "Key": items.prefix_key("b", "p/"),
                "UpdateExpression": "ADD #size :size, #count :count",
                "ExpressionAttributeNames": {"#size": "size", "#count": "count"},
                "ExpressionAttributeValues": {":size": number(-3), ":count": number(1)},
            }
        },
        {
            "Put": {
                "TableName": "ledger",
                "Item": TOTALS.to_item("b"),
                "ConditionExpression": "revision = :revision",
                "ExpressionAttributeValues": {":revision": number(7)},
            }
        },
        {"Put": {"TableName": "history", "Item": SAMPLE.to_item()}},
        {
            "Put": {
                "TableName": "ledger",
                "Item": PEAK.to_item(),
                "ConditionExpression": "attribute_not_exists(pk) OR #size < :size",
                "ExpressionAttributeNames": {"#size": "size"},
                "ExpressionAttributeValues": {":size": number(9)},
            }
        },
        {"Put": put_source("ledger", "b", Source(since=1))},
    ]


@pytest.mark.parametrize(("days", "expiry"), [(0, None), (7, NOW // 1_000_000 + 7 * DAY)])
def test_a_sample_expires_only_where_the_deployment_says_so(days, expiry):
    sample = Sample("b", NOW + 1, 5, 1)

    (write,) = transact_items(
        Transaction("b", sample=sample),
        ledger="ledger",
        history="history",
        now=NOW,
        sample_retention_days=days,
    )

    expected = sample.to_item() | ({"expiry": number(expiry)} if expiry else {})
    assert write["Put"]["Item"] == expected
    assert Sample.from_item(write["Put"]["Item"]) == sample


def test_a_closed_interval_is_put_into_the_ledger_whatever_is_stored():
    """Its samples never change, so whoever puts it puts the same."""
    point = Point(5, 1, NOW)
    rollups = tuple(Rollup(unit, Interval.of(unit.start_of(NOW), point), point) for unit in Unit)
    sample = Sample("b", NOW, 5, 1)

    written = transact_items(
        Transaction("b", sample=sample, peak=Peak(5, "b", NOW), rollups=rollups),
        ledger="ledger",
        history="history",
        now=NOW,
    )

    assert written[1:4] == [
        {"Put": {"TableName": "ledger", "Item": rollup.to_item("b")}} for rollup in rollups
    ]
    assert [write["Put"]["TableName"] for write in written] == ["history", *["ledger"] * 4]


def test_a_transaction_without_changes_writes_its_rows_alone():
    row = RowWrite("k", 4, 5, SEEN)

    written = transact_items(Transaction("b", rows=(row,)), ledger="ledger", history="history", now=NOW)

    assert written == [put_row("ledger", "b", row, NOW)]


def cancelled(*codes):
    reasons = [{"Code": code} if code else {} for code in codes]
    error = {"Code": "TransactionCanceledException", "Message": "cancelled"}
    return ClientError({"Error": error, "CancellationReasons": reasons}, "TransactWriteItems")


PASSING = (
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
)


def test_the_reasons_that_pass_are_those_of_other_writers_and_of_too_many_requests():
    assert {"None", "ConditionalCheckFailed", *PASSING} == transaction._RETRY


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        (("None", "ConditionalCheckFailed", "None"), Outcome.ROW_MOVED),
        (("None", "None", "ConditionalCheckFailed"), Outcome.TOTALS_MOVED),
        (("None", "ConditionalCheckFailed", "ItemCollectionSizeLimitExceeded"), Outcome.ROW_MOVED),
        (("None", None, "TransactionConflict"), Outcome.TOTALS_MOVED),
        *[((code, "None", "None"), Outcome.TOTALS_MOVED) for code in PASSING],
        *[(("None", "None", code), Outcome.TOTALS_MOVED) for code in PASSING],
    ],
)
def test_a_refusal_says_which_of_the_first_two_items_moved_or_that_others_wrote(codes, outcome):
    assert outcome_of(cancelled(*codes), 2) is outcome


@pytest.mark.parametrize(
    "codes",
    [
        (),
        ("ValidationError",),
        ("None", "ItemCollectionSizeLimitExceeded"),
        ("None", "None", "TransactionConflict", "ValidationError"),
        ("AccessDenied", "ConditionalCheckFailed", "ConditionalCheckFailed"),
    ],
)
def test_a_refusal_that_no_retry_overcomes_rises(codes):
    error = cancelled(*codes)
    own = 0 if codes and codes[0] == "AccessDenied" else 2

    with pytest.raises(ClientError) as raised:
        outcome_of(error, own)

    assert raised.value is error


def test_a_refusal_without_reasons_rises():
    error = ClientError({"Error": {"Code": "TransactionCanceledException"}}, "TransactWriteItems")

    with pytest.raises(ClientError):
        outcome_of(error, 2)
