"""The row of a tracked bucket, and the public state that readers derive from it."""

from dataclasses import replace

import pytest

from size_history import items
from size_history.budgets import TRACKER
from size_history.items import State, Totals
from size_history.sources import (
    RECOVERY_MICROSECONDS,
    SECOND,
    SECOND_RUN_SECONDS,
    UNCHECKED_MICROSECONDS,
    BucketStatus,
    Hearing,
    Source,
    Status,
    status_of,
)

NOW = 1_800_000_000_000_000
LIVE = Totals(5, 1, 0, 0, 0, max_size=5, last_time=1, revision=2, state=State.LIVE)
ADOPTING = replace(LIVE, state=State.ADOPTING)
HEARD = Source(since=7, checked=NOW)


def test_a_row_comes_back_as_it_was_written():
    source = Source(7, Hearing.RECOVERING, "made anew", "2026-11-28T21:04:14Z", NOW, NOW + 1, 3)

    assert Source.from_item(source.to_item("data")) == source


def test_a_row_of_version_0_1_is_tracked_and_unchecked():
    item = {**items.bucket_key("data"), "since": items.number(7)}

    assert Source.from_item(item) == Source(7, revision=0)


@pytest.mark.parametrize(
    ("totals", "source", "expected"),
    [
        (LIVE, HEARD, BucketStatus(Status.LIVE)),
        (LIVE, replace(HEARD, hearing=Hearing.DEAF, reason="why"), BucketStatus(Status.DEAF, 7, "why")),
        (ADOPTING, replace(HEARD, hearing=Hearing.DEAF, reason="why"), BucketStatus(Status.DEAF, 7, "why")),
        (None, replace(HEARD, hearing=Hearing.GONE, reason="why"), BucketStatus(Status.GONE, 7, "why")),
        (
            LIVE,
            replace(HEARD, hearing=Hearing.RECOVERING, reason="w"),
            BucketStatus(Status.RECOVERING, 7, "w"),
        ),
    ],
)
def test_the_worst_that_is_known_is_the_state(totals, source, expected):
    assert status_of(totals, source, NOW) == expected


@pytest.mark.parametrize("totals", [None, ADOPTING])
def test_a_bucket_without_a_baseline_is_adopting_whatever_is_heard(totals):
    recovering = replace(HEARD, hearing=Hearing.RECOVERING, reason="why")

    assert {status_of(totals, source, NOW).state for source in (HEARD, recovering)} == {Status.ADOPTING}


def test_a_bucket_whose_checks_stopped_is_deaf_since_the_last_one():
    late = NOW + UNCHECKED_MICROSECONDS + 1

    assert status_of(LIVE, HEARD, late - 1).state is Status.LIVE
    assert status_of(LIVE, HEARD, late).state is Status.DEAF
    assert status_of(LIVE, HEARD, late).since == NOW


def test_a_bucket_that_was_never_checked_is_not_called_deaf():
    assert status_of(LIVE, Source(since=7), NOW).state is Status.LIVE


def test_the_times_of_the_watch_leave_room_for_each_other():
    """Five minutes until S3 sends events that were turned on, a check's and a handler's life; then the second run."""
    assert 5 * 60 * SECOND + 2 * TRACKER.timeout_seconds * SECOND <= RECOVERY_MICROSECONDS
    assert RECOVERY_MICROSECONDS == 540 * SECOND
    assert RECOVERY_MICROSECONDS < SECOND_RUN_SECONDS * SECOND
    assert SECOND_RUN_SECONDS == 600  # SQS delays a message by at most 900
    assert UNCHECKED_MICROSECONDS == 3 * 5 * 60 * SECOND


def test_a_row_has_these_attributes():
    source = Source(7, Hearing.RECOVERING, "made anew", "2026-11-28T21:04:14Z", 8, 9, 3)

    assert source.to_item("data") == {
        **items.bucket_key("data"),
        **{
            name: items.number(value)
            for name, value in {"since": 7, "checked": 8, "due": 9, "revision": 3}.items()
        },
        "reason": items.text("made anew"),
        "created": items.text("2026-11-28T21:04:14Z"),
        "hearing": items.text("recovering"),
    }


def test_a_new_row_is_heard_and_unchecked():
    assert Source(7) == Source(7, Hearing.HEARD, "", "", 0, 0, 1)


@pytest.mark.parametrize("hearing", Hearing)
def test_only_a_bucket_that_is_being_untracked_is_not_tracked(hearing):
    assert Source(7, hearing).tracked is (hearing is not Hearing.LEAVING)


def test_the_answers_of_the_api_have_these_words():
    assert {state.value for state in Status} == {"adopting", "live", "deaf", "recovering", "gone"}
    assert {hearing.value for hearing in Hearing} == {"heard", "deaf", "recovering", "gone", "leaving"}


def test_a_live_bucket_has_no_reason_and_an_adopting_one_says_why():
    assert status_of(LIVE, HEARD, NOW) == BucketStatus(Status.LIVE, None, None)
    assert BucketStatus(Status.LIVE) == BucketStatus(Status.LIVE, None, None)
    expected = BucketStatus(Status.ADOPTING, 7, "its first reconcile has not ended yet")
    assert status_of(ADOPTING, HEARD, NOW) == expected


def test_a_bucket_whose_checks_stopped_says_when_the_last_one_was_and_what_to_look_at():
    status = status_of(LIVE, HEARD, NOW + UNCHECKED_MICROSECONDS + 1)

    assert status.reason == (
        "its events were checked last at 2027-01-15T08:00:00.000000Z: "
        "see that the tracker runs and its watch rule is enabled"
    )


def test_what_a_check_found_counts_more_than_how_old_it_is():
    gone = replace(HEARD, hearing=Hearing.GONE, reason="why")

    assert status_of(LIVE, gone, NOW + 10 * UNCHECKED_MICROSECONDS) == BucketStatus(Status.GONE, 7, "why")


def test_an_old_check_counts_more_than_a_recovery():
    recovering = replace(HEARD, hearing=Hearing.RECOVERING, reason="why")

    assert status_of(ADOPTING, recovering, NOW + 10 * UNCHECKED_MICROSECONDS).state is Status.DEAF
