from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from size_history.budgets import MAX_RECEIVES, TRACKER, VISIBILITY_TIMEOUTS
from size_history.items import Peak, State, Totals
from size_history.messages import ReconcileStep
from size_history.sources import SECOND, Hearing, Source
from size_tracking import reconcile_plan
from size_tracking.reconcile_plan import (
    STALE_MICROSECONDS,
    Advance,
    Announce,
    CheckRun,
    Compare,
    Comparison,
    CreateTotals,
    Difference,
    PutRun,
    ReadEnd,
    SendStep,
    StepDone,
    compare,
)
from size_tracking.values import Header, Observation, Outcome, Run

RUN = Run("r1", 100, started=10, moved=20, revision=3, cursor="m", previous="c", announced=True)
TOTALS = Totals(5, 1, 1, 0, 0, max_size=5, last_time=1, revision=2, state=State.LIVE)
BEGAN = 15
READ_END = ReadEnd(replace(RUN, ended=40), BEGAN)
LIVE = Header(TOTALS, None, Source(since=1))
RECOVERING = Source(since=1, hearing=Hearing.RECOVERING, reason="why", due=BEGAN, revision=6)


def seen(size, **more):
    return Observation(size, etag=f"e{size}", **more)


def differing(*differences):
    return tuple(Difference(*difference) for difference in differences)


def begin(run, now=30, **more):
    return reconcile_plan.begin(run, run_id="new", page_size=7, now=now, **more)


def test_a_bucket_without_a_run_begins_one():
    assert begin(None) == PutRun(Run("new", 7, started=30, moved=30))


def test_a_request_has_a_run_that_goes_on_make_another_pass():
    """The run may have passed the key that the request is about."""
    again = replace(RUN, again=True, revision=4)

    assert begin(RUN) == PutRun(again)
    assert begin(again) == SendStep(again)


def test_an_adoption_only_pushes_a_run_on():
    assert begin(RUN, again=False) == SendStep(RUN)


@pytest.mark.parametrize(
    ("run", "now"),
    [(replace(RUN, ended=25), 30), (RUN, RUN.moved + STALE_MICROSECONDS + 1)],
    ids=["ended", "stale"],
)
def test_an_ended_or_stale_run_is_followed_by_a_new_one(run, now):
    state = begin(run, now)

    assert (state.run.run_id, state.run.revision) == ("new", run.revision + 1)


def test_a_run_is_going_on_as_long_as_a_step_and_all_its_redeliveries_may_take():
    redelivered = MAX_RECEIVES * VISIBILITY_TIMEOUTS * TRACKER.timeout_seconds * SECOND

    assert begin(RUN, RUN.moved + redelivered, again=False) == SendStep(RUN)
    assert begin(RUN, RUN.moved + STALE_MICROSECONDS, again=False) == SendStep(RUN)


@pytest.mark.parametrize(
    ("step", "run", "expected"),
    [
        pytest.param(ReconcileStep("b", "r1", "m"), RUN, Compare(RUN), id="the expected step"),
        pytest.param(ReconcileStep("b", "r1", "c"), RUN, StepDone(), id="a duplicate of the step before"),
        pytest.param(
            ReconcileStep("b", "r1", "c"),
            replace(RUN, announced=False),
            Announce(replace(RUN, announced=False)),
            id="the step before, redelivered because it died before it sent the next",
        ),
        pytest.param(ReconcileStep("b", "r0", "m"), RUN, StepDone(), id="a step of another run"),
        pytest.param(
            ReconcileStep("b", "r1", "m"), replace(RUN, ended=9), StepDone(), id="the run has ended"
        ),
        pytest.param(ReconcileStep("b", "r1", "m"), None, StepDone(), id="there is no run"),
    ],
)
def test_a_message_is_the_next_step_or_one_to_announce_or_nothing(step, run, expected):
    assert reconcile_plan.run_checked(step, run) == expected


def test_a_page_moves_the_cursor_and_the_counts():
    state = reconcile_plan.compared(Compare(RUN), Comparison((), 9, "z"), healed=2, drift=30, now=40)

    moved = replace(RUN, revision=4, previous="m", cursor="z", announced=False, moved=40)
    assert state == Advance(replace(moved, checked=9, healed=2, drift=30))


def test_the_last_page_ends_the_run():
    state = reconcile_plan.compared(Compare(RUN), Comparison((), 9, None), healed=0, drift=0, now=40)

    assert state == ReadEnd(replace(RUN, revision=4, moved=40, checked=9, ended=40), RUN.started)


def test_the_last_page_begins_the_next_pass_if_one_is_asked_for():
    state = reconcile_plan.compared(Compare(replace(RUN, again=True)), Comparison((), 9, None), now=40)

    first_page = replace(RUN, cursor="", previous="m", announced=False, started=40)
    assert state == ReadEnd(replace(first_page, revision=4, moved=40, checked=9), RUN.started)


def test_the_next_pass_is_announced_once_the_pass_has_ended():
    state = reconcile_plan.end_read("b", ReadEnd(RUN, BEGAN), LIVE, 50)

    assert reconcile_plan.ended(state, Outcome.COMMITTED) == Announce(RUN)


@pytest.mark.parametrize(("began", "heard"), [(BEGAN, True), (BEGAN + 1, True), (BEGAN - 1, False)])
def test_a_pass_that_began_late_enough_ends_a_recovery(began, heard):
    header = replace(LIVE, source=RECOVERING)

    state = reconcile_plan.end_read("b", replace(READ_END, began=began), header, 50)

    expected = replace(RECOVERING, hearing=Hearing.HEARD, since=50, reason="", due=0, revision=7)
    assert state.transaction.source == (expected if heard else None)


@pytest.mark.parametrize("hearing", [Hearing.DEAF, Hearing.GONE, Hearing.HEARD])
def test_no_pass_changes_what_the_watch_found(hearing):
    header = replace(LIVE, source=replace(RECOVERING, hearing=hearing))

    assert reconcile_plan.end_read("b", READ_END, header, 50).transaction.source is None


def test_a_step_that_could_not_move_the_run_checks_it_again():
    """The step before may have just announced this one, or the answer to our own first attempt was lost."""
    assert reconcile_plan.advanced(Advance(RUN), done=True) == Announce(RUN)
    assert reconcile_plan.advanced(Advance(RUN), done=False) == CheckRun()


def test_the_end_of_an_adoption_goes_live_in_the_same_transaction():
    adopting = replace(LIVE, totals=replace(TOTALS, state=State.ADOPTING))

    state = reconcile_plan.end_read("b", READ_END, adopting, 50)

    assert state.transaction.run == READ_END.run
    assert state.transaction.totals.state is State.LIVE
    assert state.transaction.sample is not None


@pytest.mark.parametrize(("highest", "raised"), [(TOTALS.size - 1, True), (TOTALS.size, False)])
def test_a_baseline_raises_the_peak_only_if_it_is_higher(highest, raised):
    adopting = replace(LIVE, totals=replace(TOTALS, state=State.ADOPTING), peak=Peak(highest, "other", 1))

    state = reconcile_plan.end_read("b", READ_END, adopting, 50)

    assert state.transaction.peak == (Peak(TOTALS.size, "b", 50) if raised else None)


def test_a_bucket_without_a_row_ends_its_run_too():
    """The settings name it, and its row has not been written yet."""
    state = reconcile_plan.end_read("b", READ_END, replace(LIVE, source=None), 50)

    assert (state.transaction.run, state.transaction.source) == (READ_END.run, None)


def test_the_end_of_a_reconcile_of_a_live_bucket_writes_no_sample():
    state = reconcile_plan.end_read("b", READ_END, LIVE, 50)

    assert (state.transaction.totals, state.transaction.sample) == (None, None)


def test_an_empty_bucket_without_totals_gets_them_before_the_end():
    state = reconcile_plan.end_read("b", READ_END, replace(LIVE, totals=None), 50)

    assert state == CreateTotals(READ_END.run, BEGAN, LIVE.source)


def test_moved_totals_and_a_moved_run_are_read_again():
    state = reconcile_plan.end_read("b", READ_END, LIVE, 50)

    assert reconcile_plan.ended(state, Outcome.TOTALS_MOVED) == READ_END
    assert reconcile_plan.ended(state, Outcome.ROW_MOVED) == CheckRun()
    assert reconcile_plan.ended(state, Outcome.COMMITTED) == StepDone(READ_END.run)


def test_keys_that_differ_in_presence_size_or_etag_are_found_in_order():
    listed = [
        ("a", seen(1, listed=True)),
        ("b", seen(2, listed=True)),
        ("d", seen(4, last_modified="then", listed=True)),
        ("e", seen(5, last_modified="later", listed=True)),
    ]
    recorded = [
        ("b", seen(3)),
        ("c", seen(3)),
        ("d", replace(seen(4), etag="x")),
        ("e", seen(5, version_id="v")),
    ]

    comparison = compare(listed, recorded, until=None, limit=1000)

    assert comparison == Comparison(differing(("a", 1), ("b", 2), ("c", 3), ("d", 4, "then")), 5, None)


def test_two_listings_of_a_key_differ_in_their_time_too():
    listed, recorded = (seen(5, last_modified=when, listed=True) for when in ("later", "earlier"))

    assert compare([("e", listed)], [("e", recorded)], until=None, limit=9).differing
    assert not compare([("e", listed)], [("e", listed)], until=None, limit=9).differing


def test_rows_of_deleted_objects_cannot_fill_the_memory():
    recorded = ((f"{number:09}", seen(1)) for number in range(10**9))

    comparison = compare([], recorded, until=None, limit=3)

    assert [each.key for each in comparison.differing] == ["000000000", "000000001", "000000002"]
    assert comparison.cursor == "000000002"


def test_nothing_is_compared_beyond_the_rows_that_were_read():
    listed = [("a", seen(1)), ("c", seen(3)), ("e", seen(5))]
    recorded = [("a", seen(1)), ("d", None)]

    comparison = compare(listed, recorded, until="e", limit=1000)

    assert comparison == Comparison(differing(("c", 2)), 2, "d")


def test_a_comparison_cut_short_goes_on_after_its_last_committed_key():
    whole = Comparison(differing(("a", 1), ("c", 3), ("d", 4)), 9, "z")

    assert whole.cut(2) == Comparison(differing(("a", 1), ("c", 3)), 3, "c")


@given(
    st.dictionaries(st.text(max_size=3), st.integers(0, 3)),
    st.dictionaries(st.text(max_size=3), st.integers(0, 3)),
    st.integers(1, 4),
    st.sets(st.text(max_size=3)),
)
def test_every_difference_is_found_once_however_the_pages_are_cut(listed, recorded, limit, read_to):
    """Comparing page by page finds what a comparison of the two dictionaries finds. `read_to`: where pages of rows may end."""
    found, checked, cursor = [], 0, None

    while True:
        objects, rows = [
            sorted((k, seen(v)) for k, v in side.items() if cursor is None or k > cursor)
            for side in (listed, recorded)
        ]
        unread = min((key for key in read_to if cursor is None or key > cursor), default=None)
        if unread is not None:
            rows = [row for row in rows if row[0] <= unread] + [(unread, None)]
        comparison = compare(objects, rows, until=None, limit=limit)
        found += [each.key for each in comparison.differing]
        checked += comparison.checked
        cursor = comparison.cursor
        if cursor is None:
            break

    everything = listed.keys() | recorded.keys()
    assert found == sorted(key for key in everything if listed.get(key) != recorded.get(key))
    assert checked == len(everything)
