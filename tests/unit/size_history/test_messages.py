"""Tidemark's own messages, as they are sent."""

import json

import pytest

from size_history.messages import (
    MAX_PAGE_KEYS,
    MAX_WATCHED,
    OBJECT_EVENTS,
    RecomputeRollups,
    ReconcileEveryBucket,
    ReconcileRequest,
    ReconcileStep,
    Watch,
    WatchEveryBucket,
)


@pytest.mark.parametrize(
    ("message", "body"),
    [
        (ReconcileEveryBucket(), {"tidemark": "reconcile-every-bucket"}),
        (ReconcileRequest("b"), {"tidemark": "reconcile", "bucket": "b", "page_size": 1000}),
        (
            ReconcileRequest("b", second=True),
            {"tidemark": "reconcile", "bucket": "b", "page_size": 1000, "second": True},
        ),
        (ReconcileRequest("b", 7), {"tidemark": "reconcile", "bucket": "b", "page_size": 7}),
        (
            ReconcileStep("b", "r", "k\x01"),
            {"tidemark": "reconcile", "bucket": "b", "run_id": "r", "cursor": "k\x01"},
        ),
        (
            RecomputeRollups("b"),
            {
                "tidemark": "recompute-rollups",
                "bucket": "b",
                "since": None,
                "differing": 0,
                "gaps": False,
                "asked": 0,
            },
        ),
        (
            RecomputeRollups("b", 60, 7, gaps=True, asked=9),
            {
                "tidemark": "recompute-rollups",
                "bucket": "b",
                "since": 60,
                "differing": 7,
                "gaps": True,
                "asked": 9,
            },
        ),
        (WatchEveryBucket(), {"tidemark": "watch-every-bucket"}),
        (Watch(("b", "c")), {"tidemark": "watch", "buckets": ["b", "c"]}),
    ],
)
def test_a_message_is_this_json(message, body):
    """Messages of another version may be in the queue at an update, and schedules send these texts."""
    assert json.loads(message.to_json()) == body


def test_a_page_and_a_watch_have_their_limits():
    assert MAX_PAGE_KEYS == 1000  # S3 lists no more
    assert MAX_WATCHED == 25  # with at most three requests each they take less than an invocation


@pytest.mark.parametrize("size", [1, MAX_PAGE_KEYS])
def test_a_page_may_have_one_key_or_a_thousand(size):
    assert ReconcileRequest("b", size).page_size == size


@pytest.mark.parametrize("size", [0, MAX_PAGE_KEYS + 1])
def test_another_page_is_refused(size):
    with pytest.raises(ValueError, match=f"page_size must be from 1 to 1000, not {size}"):
        ReconcileRequest("b", size)


@pytest.mark.parametrize("count", [1, MAX_WATCHED])
def test_a_watch_may_name_one_bucket_or_the_maximum(count):
    assert len(Watch(("b",) * count).buckets) == count


@pytest.mark.parametrize("count", [0, MAX_WATCHED + 1])
def test_another_watch_is_refused(count):
    with pytest.raises(ValueError, match=f"names 1 to 25 buckets, not {count}"):
        Watch(("b",) * count)


def test_the_events_that_change_a_listing_are_these_two():
    assert OBJECT_EVENTS == ("Object Created", "Object Deleted")
