"""A run is begun, pushed on or asked for another pass, and the first one creates the totals."""

import json

import pytest
from botocore.exceptions import ClientError

from size_history.items import State
from size_history.messages import ReconcileEveryBucket, ReconcileRequest
from size_history.sources import SECOND_RUN_SECONDS, Hearing, Source
from size_tracking.reconciler import (
    MAX_CREATIONS,
    MAX_PUTS,
    RunMovedError,
    StepFailedError,
)
from size_tracking.tracked import NotTrackedError
from size_tracking.tracker import pause_seconds
from tests.unit.size_tracking.parts import ADOPTING, LIVE, NOW, Parts
from tests.unit.size_tracking.reconciling import (
    FIRST_STEP,
    SECOND_REQUEST,
    cancel,
    creates_totals,
    ended,
    refuse,
    run,
    step,
)


def test_a_request_puts_the_run_before_it_sends_its_first_step(parts):
    parts.starter.begin("data", 7)

    assert parts.requests("put_item", "send_message") == ["put_item", "send_message"]
    assert parts.sent() == [(FIRST_STEP, 0)]
    found = run(parts)
    assert (found.run_id, found.page_size, found.revision, found.announced) == ("run0", 7, 1, True)
    assert NOW < found.started == found.moved < parts.time.now


def test_the_first_run_of_a_bucket_sends_the_second_request_and_its_step_before_the_totals_exist(new):
    """Totals prove that both were sent: the step creates those of an empty bucket itself, so it is sent last.

    The second run heals what a handler without totals saw too early.
    """
    new.starter.begin("data")

    order = new.requests("put_item", "send_message", "transact_write_items")
    assert order == ["put_item", "send_message", "send_message", "transact_write_items"]
    assert new.sent() == [(SECOND_REQUEST, SECOND_RUN_SECONDS), (FIRST_STEP, 0)]
    assert new.totals() == ADOPTING
    assert new.source() == Source(since=1)


def test_a_bucket_that_was_adopted_meanwhile_needs_no_run(parts):
    parts.starter.adopt("data")

    assert (parts.sent(), run(parts)) == ([], None)


def test_an_adoption_pushes_the_run_on_without_another_pass(new):
    new.starter.begin("data")
    new.tables.tables["ledger"].pop(("data", "totals"))
    before = run(new)

    new.starter.adopt("data")

    assert run(new) == before
    assert new.sent()[2:] == [(SECOND_REQUEST, SECOND_RUN_SECONDS), (FIRST_STEP, 0)]


def test_a_step_whose_totals_cannot_be_created_sends_no_other_step(new):
    """It comes back by itself. Otherwise each delivery would make one more message as long as DynamoDB refuses."""
    new.put("a", 1)
    refuse(new, "transact_write_items", times=3, service="dynamodb")
    with pytest.raises(ClientError):
        new.starter.begin("data")
    sent = len(new.sent())

    for _ in range(2):
        with pytest.raises(StepFailedError):
            step(new)
    assert len(new.sent()) == sent

    step(new)
    assert len(new.sent()) == sent
    assert (new.totals().state, new.totals().size) == (State.LIVE, 1)


def test_a_request_that_adopts_a_bucket_sends_the_second_one(new):
    assert new.handle(ReconcileRequest("data").to_json()) == []

    assert new.sent() == [(SECOND_REQUEST, SECOND_RUN_SECONDS), (FIRST_STEP, 0)]


def test_the_second_request_sends_no_other_one(new):
    """If DynamoDB refuses to create the totals for long, each would make five more, and the queue would fill with them."""
    refuse(new, "transact_write_items", service="dynamodb")

    assert new.handle(ReconcileRequest("data", second=True).to_json())

    assert new.sent() == [(FIRST_STEP, 0)]


def test_a_step_creates_no_totals_of_a_bucket_that_is_being_untracked(new):
    new.track(source=Source(since=1, hearing=Hearing.LEAVING), totals=None)

    with pytest.raises(NotTrackedError, match="bucket data is not tracked"):
        new.starter.create_totals("data")

    assert new.totals() is None


def test_a_request_during_a_run_asks_for_another_pass_and_pushes_the_run_on(parts):
    parts.starter.begin("data")
    parts.starter.begin("data")
    parts.starter.begin("data")

    assert (run(parts).again, run(parts).revision) == (True, 2)
    assert [body for body, _ in parts.sent()] == [FIRST_STEP] * 3


def test_a_request_during_a_run_has_every_key_compared_once_more(parts, capsys):
    """The run has passed `a` when its change is lost; the request that tells of it must not be lost in the run."""
    for key in ("a", "b", "c"):
        parts.put(key, 1)
    parts.starter.begin("data", 1)
    step(parts)
    parts.put("a", 9)
    parts.starter.begin("data")

    parts.drain(json.dumps({**FIRST_STEP, "cursor": "a"}))

    assert parts.totals().size == 11
    assert (run(parts).again, run(parts).ended is not None, run(parts).healed) == (False, True, 4)
    assert len(ended(capsys)) == 1


@pytest.mark.parametrize("page_size", [1, 2, 1000])
def test_two_passes_end_when_nobody_asks_again(parts, page_size):
    for key in ("a", "b", "c"):
        parts.put(key, 1)
    parts.starter.begin("data", page_size)
    parts.starter.begin("data", page_size)

    parts.drain(json.dumps(FIRST_STEP))

    assert (run(parts).checked, run(parts).healed) == (6, 3)
    assert run(parts).ended


def test_a_run_that_moves_is_begun_again_after_a_pause(parts, longest_pauses):
    refuse(parts, "put_item", times=2, code="ConditionalCheckFailedException", status=400, service="dynamodb")

    parts.starter.begin("data")

    assert parts.time.pauses == [pause_seconds(1), pause_seconds(2)]
    assert len(parts.requests("get_item")) == 3
    assert parts.sent() == [({**FIRST_STEP, "run_id": "run2"}, 0)]


def test_a_run_that_always_moves_sends_the_request_back_after_a_limited_number_of_tries(parts):
    refuse(parts, "put_item", code="ConditionalCheckFailedException", status=400, service="dynamodb")

    with pytest.raises(RunMovedError, match="other writers moved the reconcile of data all the time"):
        parts.starter.begin("data")

    assert 2 <= MAX_PUTS <= 20
    assert len(parts.requests("put_item")) == len(parts.time.pauses) == MAX_PUTS
    assert parts.sent() == []


def test_totals_that_others_created_meanwhile_are_enough(new):
    cancel(new, matching=creates_totals, times=2)

    new.starter.begin("data")

    assert len(new.requests("transact_write_items")) == 3
    assert len(new.time.pauses) == 2
    assert new.totals() == ADOPTING


def test_totals_that_exist_after_a_refusal_are_not_created_again(new):
    def create_first(name, request):
        if name == "transact_write_items":
            new._store(LIVE.to_item("data"))

    new.dynamodb.before = create_first

    new.starter.begin("data")

    assert new.totals() == LIVE
    assert (len(new.requests("transact_write_items")), new.time.pauses) == (1, [])


def test_a_creation_that_is_always_cancelled_is_given_up_after_a_limited_number_of_tries(new, longest_pauses):
    cancel(new, matching=creates_totals)

    new.starter.begin("data")

    assert 2 <= MAX_CREATIONS <= 20
    assert len(new.requests("transact_write_items")) == MAX_CREATIONS
    assert new.time.pauses == [pause_seconds(attempt) for attempt in range(1, MAX_CREATIONS + 1)]
    assert len(new.sent()) == 2


def test_a_creation_never_replaces_the_row_of_a_bucket_that_is_being_untracked():
    parts = Parts(named={"data"})
    parts.memory_s3.buckets["data"] = {}
    leaving = Source(since=1, hearing=Hearing.LEAVING)

    def leave(name, request):
        if name == "transact_write_items":
            parts._store(leaving.to_item("data"))

    parts.dynamodb.before = leave

    with pytest.raises(NotTrackedError, match="bucket data is not tracked"):
        parts.starter.begin("data")

    assert (parts.source(), parts.totals()) == (leaving, None)


@pytest.mark.parametrize(
    ("source", "totals", "settled"),
    [
        (Source(since=1), LIVE, True),
        (Source(since=1), ADOPTING, False),
        (Source(since=1), None, False),
        (Source(since=1, hearing=Hearing.DEAF), LIVE, False),
        (Source(since=1, hearing=Hearing.RECOVERING), LIVE, False),
        (Source(since=1, hearing=Hearing.GONE), LIVE, False),
    ],
)
def test_a_run_is_settled_if_events_should_have_told_of_every_change(source, totals, settled):
    parts = Parts()
    parts.track(source=source, totals=totals)

    parts.starter.begin("data")

    assert run(parts).settled is settled


def test_a_named_bucket_without_a_row_is_not_settled():
    parts = Parts(named={"data"})
    parts._store(LIVE.to_item("data"))

    parts.starter.begin("data")

    assert run(parts).settled is False


def test_every_run_has_an_id_of_its_own():
    starter = Parts().starter
    fresh = type(starter).__dataclass_fields__["new_run_id"].default

    assert len({fresh() for _ in range(100)}) == 100
    assert all(len(fresh()) == 32 for _ in range(3))


def test_the_reconcile_of_every_bucket_asks_for_each_tracked_one_and_for_the_check_of_its_rollups():
    parts = Parts()
    for number in range(12):
        parts.track(f"b{number:02}", totals=None)
    parts.track("leaving", Source(since=1, hearing=Hearing.LEAVING))

    assert parts.handle(ReconcileEveryBucket().to_json()) == []

    buckets = [f"b{number:02}" for number in range(12)]
    sent = [(body["tidemark"], body["bucket"]) for body, _ in parts.sent()]
    assert sent == [
        *(("reconcile", bucket) for bucket in buckets),
        *(("recompute-rollups", bucket) for bucket in buckets),
    ]
    assert len(parts.requests("send_message_batch")) == 3
