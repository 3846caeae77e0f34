"""Chunks of keys against services in memory: what is retried, what is reported, and what ends a loop."""

import random

import pytest

from size_history.budgets import FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS
from size_history.deadline import OutOfTimeError
from size_history.items import Sample
from size_history.messages import ReconcileRequest
from size_tracking.reconciler import MAX_CREATIONS
from size_tracking.track_plan import Done
from size_tracking.tracker import TrackResult, pause_seconds
from tests.stateful.memory import failure
from tests.unit.size_tracking.parts import CHUNK, LATER, NOW, SECOND, Parts, event


@pytest.fixture
def parts():
    made = Parts()
    made.track()
    return made


@pytest.fixture
def longest_pauses(monkeypatch):
    """Let every pause be as long as it may be."""
    monkeypatch.setattr("random.uniform", lambda _, longest: longest)


def refusing(parts, times=10**9, *, reasons=None, code="TransactionCanceledException"):
    """Refuse this many transactions: by default because other writers were faster with the last item."""
    left = [times]

    def refuse(operation, request):
        if operation == "transact_write_items" and left[0]:
            left[0] -= 1
            count = len(request["TransactItems"])
            found = reasons or [*["None"] * (count - 1), "TransactionConflict"]
            answer = [{"Code": each} for each in found]
            raise failure("dynamodb", "TransactWriteItems", code, 400, CancellationReasons=answer)

    parts.dynamodb.before = refuse


def test_a_pause_is_at_least_none_and_at_most_twice_the_last_one_up_to_a_limit(monkeypatch):
    asked = []
    monkeypatch.setattr(random, "uniform", lambda *bounds: asked.append(bounds) or 0)

    for attempt in range(1, 12):
        pause_seconds(attempt)

    assert all(bounds[0] == 0 for bounds in asked)
    longest = [bounds[1] for bounds in asked]
    assert longest[:5] == pytest.approx([FIRST_PAUSE_SECONDS * 2**number for number in range(5)])
    assert longest[-1] == MAX_PAUSE_SECONDS == max(longest)


def test_pauses_are_real_and_short():
    """Without a pause two writers collide again at once; a long one delays the history."""
    assert 0.005 <= FIRST_PAUSE_SECONDS <= 0.1
    assert FIRST_PAUSE_SECONDS < MAX_PAUSE_SECONDS <= 1
    assert len({pause_seconds(9) for _ in range(20)}) > 10


def test_keys_are_tracked_in_chunks(parts):
    keys = [f"k{number:03}" for number in range(2 * CHUNK + 1)]
    for key in keys:
        parts.put(key, 1)

    result = parts.tracker.track("data", keys, deadline=LATER)

    assert (result.changed, result.bytes_moved, result.conflicts) == (len(keys), len(keys), 0)
    rows = [
        sum("revision" in write.get("Put", {}).get("Item", {}) for write in request["TransactItems"])
        for operation, request in parts.journal
        if operation == "transact_write_items"
    ]
    assert len(rows) == 3
    assert parts.totals().count == len(keys)


def test_no_keys_are_no_requests(parts):
    assert parts.tracker.track("data", [], deadline=LATER) == TrackResult()
    assert parts.journal == []


def test_a_conflict_is_committed_again_after_a_pause_without_another_head(parts):
    parts.put("k", 5)
    refusing(parts, 3)

    result = parts.tracker.track("data", ["k"], deadline=LATER)

    assert (result.changed, result.conflicts, result.errors) == (1, 3, {})
    assert len(parts.time.pauses) == 3
    assert len(parts.requests("head_object")) == 1
    assert len(parts.requests("batch_get_item")) == 1 + 4


def test_a_moved_row_is_read_and_observed_again(parts):
    parts.put("k", 5)
    refusing(parts, 1, reasons=["ConditionalCheckFailed", "None", "None", "None", "None"])

    result = parts.tracker.track("data", ["k"], deadline=LATER)

    assert (result.changed, result.conflicts) == (1, 1)
    assert len(parts.requests("head_object")) == 2


def test_a_transaction_that_is_still_going_on_is_a_conflict(parts):
    """DynamoDB answers so if botocore repeats a request whose first attempt has not ended."""
    parts.put("k", 5)
    refusing(parts, 2, code="TransactionInProgressException")

    result = parts.tracker.track("data", ["k"], deadline=LATER)

    assert (result.changed, result.conflicts, result.errors) == (1, 2, {})


def test_the_pauses_after_conflicts_grow(parts, longest_pauses):
    parts.put("k", 5)
    refusing(parts, 4)

    parts.tracker.track("data", ["k"], deadline=LATER)

    assert parts.time.pauses == [pause_seconds(attempt) for attempt in (1, 2, 3, 4)]


def test_conflicts_without_end_stop_at_the_deadline_and_are_counted(parts, longest_pauses):
    parts.put("k", 5)
    refusing(parts)
    parts.deadline.allow(10)

    result = parts.tracker.track("data", ["k"], deadline=LATER)

    assert isinstance(result.errors["k"], OutOfTimeError)
    assert result.conflicts == len(parts.time.pauses) > 10
    assert NOW + 10 * SECOND <= parts.time.now < NOW + 11 * SECOND
    assert len(parts.journal) < 100


def test_a_sample_that_was_recorded_is_in_the_result(parts):
    parts.put("k", 5)

    first = parts.tracker.track("data", ["k"], deadline=LATER)
    second = parts.tracker.track("data", ["k"], deadline=LATER)

    assert (first.sample.total_size, second.sample, second.changed) == (5, None, 0)


def test_results_add_up():
    one, other = Sample("b", 1, 1, 1), Sample("b", 2, 2, 2)
    first = TrackResult(1, 2, {"a": ValueError()}, one, 3)
    second = TrackResult(10, 20, {"b": KeyError()}, None, 30)

    total = first.plus(second)

    assert (total.changed, total.bytes_moved, total.conflicts, total.sample) == (11, 22, 33, one)
    assert set(total.errors) == {"a", "b"}
    assert first.plus(TrackResult(sample=other)).sample == other


@pytest.mark.parametrize("rejected", [f"k{number}" for number in range(7)])
def test_a_key_that_dynamodb_rejects_does_not_keep_the_others_from_being_committed(parts, rejected):
    keys = [f"k{number}" for number in range(7)]
    for key in keys:
        parts.put(key, 1)

    def reject(operation, request):
        if operation == "transact_write_items" and any(
            write.get("Put", {}).get("Item", {}).get("sk") == {"S": rejected}
            for write in request["TransactItems"]
        ):
            raise failure("dynamodb", "TransactWriteItems", "ValidationException", 400)

    parts.dynamodb.before = reject

    result = parts.tracker.track("data", keys, deadline=LATER)

    assert {key: error.response["Error"]["Code"] for key, error in result.errors.items()} == {
        rejected: "ValidationException"
    }
    assert len(parts.requests("batch_get_item")) < 30
    assert (result.changed, parts.totals().count) == (6, 6)


def test_another_error_of_dynamodb_is_not_searched_for_a_key(parts):
    def fail(operation, _):
        if operation == "transact_write_items":
            raise failure("dynamodb", "TransactWriteItems", "AccessDeniedException", 400)

    parts.dynamodb.before = fail

    result = parts.tracker.track("data", ["a", "b", "c"], deadline=LATER)

    assert {key: error.response["Error"]["Code"] for key, error in result.errors.items()} == dict.fromkeys(
        "abc", "AccessDeniedException"
    )
    assert len(parts.requests("transact_write_items")) == 1


def test_an_error_that_is_not_of_aws_is_reported_for_its_keys_with_the_conflicts_before(parts):
    refusing(parts, 2)
    conflict = parts.dynamodb.before

    def fail(operation, request):
        conflict(operation, request)
        if operation == "transact_write_items":
            raise RuntimeError("lost")

    parts.dynamodb.before = fail

    result = parts.tracker.track("data", ["a", "b"], deadline=LATER)

    assert set(map(str, result.errors.values())) == {"lost"}
    assert set(result.errors) == {"a", "b"}
    assert result.conflicts == 2


def test_keys_that_s3_did_not_answer_for_are_reported_and_the_others_committed(parts):
    parts.put("good", 5)

    def fail(operation, request):
        if request.get("Key") == "bad":
            raise failure("s3", "HeadObject", "500", 500)

    parts.s3.before = fail

    result = parts.tracker.track("data", ["bad", "good"], deadline=LATER)

    assert (set(result.errors), result.changed) == ({"bad"}, 1)


def test_s3_is_not_asked_after_the_share_and_what_it_answered_is_still_committed(parts):
    parts.put("k", 5)
    end = NOW + 5 * SECOND

    def take_long(operation, _):
        if operation == "head_object":
            parts.time.now = end + SECOND

    parts.s3.before = take_long

    first = parts.tracker.track("data", ["k"], deadline=end)
    second = parts.tracker.track("data", ["k"], deadline=end)

    assert (first.changed, first.errors) == (1, {})
    assert isinstance(second.errors["k"], OutOfTimeError)
    assert str(second.errors["k"]) == "out of time before ReadRows began"
    assert parts.totals().size == 5


def test_nothing_at_all_begins_after_the_deadline(parts):
    parts.put("k", 5)

    def take_long(operation, _):
        if operation == "head_object":
            parts.time.now += 10 * SECOND

    parts.s3.before = take_long
    parts.deadline.allow(5)

    result = parts.tracker.track("data", ["k"], deadline=LATER)

    assert isinstance(result.errors["k"], OutOfTimeError)
    assert parts.requests("transact_write_items") == []


def test_a_chunk_that_is_done_stays_done(parts):
    assert parts.tracker.step(Done(3, 4), {}) == Done(3, 4)


# --- adoption ---


def test_an_event_of_a_bucket_without_totals_begins_its_adoption():
    new = Parts()
    new.track(totals=None)
    new.put("k", 5)

    assert new.handle(event("k")) == []

    assert (new.totals().size, new.totals().state.value, new.samples()) == (5, "adopting", [])
    assert len(new.time.pauses) == 1


def test_an_adoption_whose_creation_is_always_cancelled_pauses_and_ends_at_the_deadline(longest_pauses):
    """Each turn sends two messages: without pauses there would be thousands."""
    new = Parts()
    new.track(totals=None)
    new.put("k", 5)
    refusing(new)

    assert new.handle(event("k"), remaining_ms=30_000) == ["m0"]

    new.rest()
    assert new.totals() is None
    assert len(new.sent()) <= 50
    assert len(new.journal) < 400
    assert len(new.requests("transact_write_items")) >= MAX_CREATIONS
    assert all(pause > 0 for pause in new.time.pauses)


def test_the_pauses_between_two_tries_to_adopt_grow(longest_pauses):
    new = Parts()
    new.track(totals=None)
    tries = []
    new.tracker.adopt = lambda _: tries.append(new.time.now)
    new.deadline.allow(3)

    new.tracker.track("data", ["k"], deadline=LATER)

    assert new.time.pauses[:4] == [pause_seconds(attempt) for attempt in (1, 2, 3, 4)]
    assert 5 < len(tries) < 20


def test_a_named_bucket_is_adopted_without_a_row_and_gets_one():
    new = Parts(named={"data"})
    new.memory_s3.buckets["data"] = {}
    new.put("k", 5)

    assert new.handle(event("k"), ReconcileRequest("data").to_json()) == []

    assert new.source().tracked
    assert NOW < new.source().since < new.time.now
    assert new.source().revision == 1
    assert new.totals().count == 1
