"""The row of a tracked bucket, and the public state that readers derive from it."""

from dataclasses import replace

import pytest

from size_history import items
from size_history.items import State, Totals
from size_history.sources import UNCHECKED_MICROSECONDS, BucketStatus, Hearing, Source, Status, status_of

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
