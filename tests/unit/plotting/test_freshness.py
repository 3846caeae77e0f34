"""How fresh an answer is, in its JSON and in its headers."""

import pytest

from plotting.answers import Reply
from plotting.freshness import Freshness
from plotting.gateway import Request
from plotting.queues import Backlog, Depth
from size_history.items import State, Totals
from size_history.sources import BucketStatus, Hearing, Source, Status, status_of
from size_history.times import from_text

NOW = from_text("2026-11-20T08:15:30.250000Z")
SINCE = "2026-11-20T08:00:00.000000Z"
DEAF = BucketStatus(Status.DEAF, from_text(SINCE), "it does not send its events")
EMPTY = Depth(0)
LIVE = Totals(0, 0, 0, 0, 0, 0, 1, 1, State.LIVE)


def freshness(status=None, *, backlog=None, dead_letters=EMPTY, undelivered=EMPTY):
    return Freshness(NOW, backlog or Backlog(0, 0), dead_letters, undelivered, status)


def test_a_deaf_bucket_is_said_to_be_so_since_when_and_why():
    fresh = freshness(DEAF)

    members, headers = fresh.members(), fresh.headers()
    assert {name: members[name] for name in ("state", "state_since", "state_reason")} == {
        "state": "deaf",
        "state_since": SINCE,
        "state_reason": "it does not send its events",
    }
    assert headers["Tidemark-State"] == "deaf"
    assert headers["Tidemark-State-Since"] == SINCE
    assert headers["Tidemark-State-Reason"] == "it does not send its events"


def test_a_live_bucket_has_neither_since_nor_reason():
    fresh = freshness(BucketStatus(Status.LIVE))

    assert fresh.members()["state_since"] is fresh.members()["state_reason"] is None
    assert {name for name in fresh.headers() if "State" in name} == {"Tidemark-State"}


def test_an_answer_about_no_bucket_has_no_state():
    assert not [name for name in freshness().members() if "state" in name]


def test_a_header_holds_no_character_that_a_header_may_not_have():
    status = BucketStatus(Status.DEAF, NOW, "rule “Ünique”\r\nSet-Cookie: a=b")

    assert freshness(status).headers()["Tidemark-State-Reason"] == "rule ?nique?Set-Cookie: a=b"


def test_dead_letters_and_undelivered_events_are_beside_what_waits():
    fresh = freshness(backlog=Backlog(4, 2), dead_letters=Depth(3), undelivered=Depth(1))

    members, headers = fresh.members(), fresh.headers()
    assert (members["queue_waiting"], members["dead_letters"], members["undelivered_events"]) == (4, 3, 1)
    assert (headers["Tidemark-Dead-Letters"], headers["Tidemark-Undelivered-Events"]) == ("3", "1")
    assert "queue_problem" not in members


def test_every_queue_that_does_not_answer_is_named():
    fresh = freshness(backlog=Backlog(None, None, "one"), undelivered=Depth(None, "three"))

    assert fresh.members()["queue_problem"] == "one; three"
    assert fresh.headers()["Tidemark-Undelivered-Events"] == "unknown"


@pytest.mark.parametrize(
    "changed",
    [
        {"hearing": Hearing.RECOVERING},
        {"since": NOW - 1},
        {"reason": "another"},
    ],
)
def test_an_etag_changes_with_the_state_of_the_bucket(changed):
    found = {"since": NOW - 10, "hearing": Hearing.DEAF, "reason": "one"}

    assert tag_of(Source(**found)) != tag_of(Source(**{**found, **changed}))


def test_an_etag_does_not_change_with_a_check_that_finds_the_same():
    for hearing in (Hearing.HEARD, Hearing.DEAF):
        before, after = (Source(NOW - 10, hearing, checked=NOW - ago, revision=ago) for ago in (2, 1))

        assert tag_of(before) == tag_of(after)


def tag_of(source):
    """Return the ETag of an answer about a bucket with this row."""
    return Reply.to(Request("GET", "/size"), freshness(status_of(LIVE, source, NOW)), "totals").tag
