"""What status, doctor and validate say of the tracked buckets."""

import pytest

from size_history.items import State, Totals
from size_history.sources import UNCHECKED_MICROSECONDS, Hearing, Source, status_of
from size_history.times import from_text
from tidemark.aws.bucket_checks import MAX_NAMED, checks_of
from tidemark.aws.ledger import Tracked
from tidemark.checks import Verdict, exit_code

NOW = from_text("2026-11-28T10:00:00.000000Z")
SINCE = from_text("2026-11-28T09:50:00.000000Z")
LIVE = Totals(5, 1, 1, 0, 0, 5, 0, 1, State.LIVE)
ADOPTING = Totals(5, 1, 1, 0, 0, 5, 0, 1, State.ADOPTING)


def bucket(hearing=Hearing.HEARD, totals=LIVE, **fields):
    source = Source(since=SINCE, hearing=hearing, **{"checked": NOW, **fields})
    return Tracked(source, status_of(totals, source, NOW))


WELL = bucket()
DEAF = bucket(Hearing.DEAF, reason="it does not send its events to EventBridge")
RECOVERING = bucket(Hearing.RECOVERING, reason="its events arrive again", due=NOW + 5_000_000)


@pytest.mark.parametrize(
    ("tracked", "verdict", "text", "fix"),
    [
        (
            DEAF,
            Verdict.FAIL,
            "b is deaf since 2026-11-28T09:50:00Z: it does not send its events to EventBridge",
            "make track TARGET=dev BUCKET=b; it then recovers by itself",
        ),
        (
            bucket(Hearing.GONE, reason="the bucket does not exist"),
            Verdict.FAIL,
            "b is gone since 2026-11-28T09:50:00Z: the bucket does not exist",
            "make the bucket again and make track TARGET=dev BUCKET=b, or make untrack TARGET=dev BUCKET=b",
        ),
        (
            bucket(checked=NOW - UNCHECKED_MICROSECONDS - 1),
            Verdict.FAIL,
            (
                "b is deaf since 2026-11-28T09:44:59Z: its events were checked last at 2026-11-28T09:44:59.999999Z: "
                "see that the tracker runs and its watch rule is enabled"
            ),
            "see the tracker's log and its dead letters, then make deploy TARGET=dev",
        ),
        (
            RECOVERING,
            Verdict.WARN,
            "b is recovering since 2026-11-28T09:50:00Z: its events arrive again",
            "wait: a reconcile that begins after 2026-11-28T10:00:05Z ends this by itself",
        ),
        (
            bucket(totals=ADOPTING),
            Verdict.WARN,
            "b is adopting since 2026-11-28T09:50:00Z: its first reconcile has not ended yet",
            "wait: it ends by itself; make reconcile TARGET=dev BUCKET=b watches it",
        ),
        (
            bucket(totals=None),
            Verdict.WARN,
            "b is adopting since 2026-11-28T09:50:00Z: its first reconcile has not ended yet",
            "wait: it ends by itself; make reconcile TARGET=dev BUCKET=b watches it",
        ),
        (
            bucket(Hearing.LEAVING),
            Verdict.WARN,
            "b is being untracked, its history is being deleted",
            "make untrack TARGET=dev BUCKET=b HISTORY=delete goes on",
        ),
    ],
)
def test_a_bucket_that_is_not_live_is_a_line_with_state_since_reason_and_fix(tracked, verdict, text, fix):
    (check,) = checks_of({"a": WELL, "b": tracked}, "dev")

    assert (check.about, check.verdict, check.text, check.fix) == ("tracked", verdict, text, fix)
    assert "\n" not in check.text + check.fix


@pytest.mark.parametrize(
    ("buckets", "text"),
    [({"a": WELL}, "1 bucket, live"), ({f"{n}": WELL for n in range(1200)}, "1,200 buckets, all live")],
)
def test_buckets_that_are_all_live_are_counted(buckets, text):
    (check,) = checks_of(buckets, "dev")

    assert (check.verdict, check.text) == (Verdict.OK, text)


def test_a_deployment_that_tracks_nothing_is_told():
    (check,) = checks_of({}, "dev")

    assert (check.verdict, check.text) == (Verdict.WARN, "no bucket is tracked")


def test_of_hundreds_the_first_are_named_failures_first_and_the_rest_are_counted():
    recovering = {f"a{number:03}": RECOVERING for number in range(300)}
    deaf = {f"b{number:03}": DEAF for number in range(MAX_NAMED + 2)}

    *named, rest = checks_of({**recovering, **deaf, "c": WELL}, "dev")

    assert [check.text.split()[0] for check in named] == [f"b{number:03}" for number in range(MAX_NAMED)]
    assert (rest.verdict, rest.text) == (Verdict.FAIL, "and 302 more: 300 recovering, 2 deaf")


@pytest.mark.parametrize(("tracked", "code"), [(DEAF, 1), (RECOVERING, 0), (bucket(totals=ADOPTING), 0)])
def test_only_what_does_not_end_by_itself_fails_a_command(tracked, code):
    assert exit_code(checks_of({str(number): tracked for number in range(9)}, "dev")) == code
