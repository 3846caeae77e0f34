"""The pure state machine, state by state; tests/property explores its interleavings."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from size_history.items import Peak, Sample, State, Totals
from size_history.keys import prefix_of
from size_history.rollups import Interval, Point, Unit, opened_by
from size_tracking import track_plan
from size_tracking.track_plan import Adopt, Done, Look, Observe, ReadRows, ReadTotals
from size_tracking.transaction import transact_items
from size_tracking.values import ABSENT, MAX_ITEMS, ObjectRow, Observation, Outcome, PrefixDelta, Transaction

LIVE = Totals(100, 3, 3, 0, 0, max_size=120, last_time=1000, revision=7, state=State.LIVE)
PEAK = Peak(500, "other", 900)


def thing(size):
    return Observation(size, etag=f"e{size}", last_modified="2026-01-01T00:00:00Z")


def plan(*looks, totals=LIVE, peak=PEAK, now=2000):
    state = track_plan.totals_read(ReadTotals("b", looks), totals, peak, now)
    return state.transaction


def test_a_key_without_a_row_is_at_revision_0():
    state = track_plan.rows_read(ReadRows("b", ("k",)), {})

    assert state == Observe("b", (("k", ObjectRow(0, ABSENT)),))


def test_a_key_that_s3_did_not_answer_for_leaves_the_chunk():
    rows = (("good", ObjectRow()), ("bad", ObjectRow()))

    state = track_plan.observed(Observe("b", rows), {"good": thing(5)})

    assert state == ReadTotals("b", (Look("good", ObjectRow(), thing(5)),))


def test_a_chunk_that_s3_did_not_answer_for_at_all_is_done():
    assert track_plan.observed(Observe("b", (("bad", ObjectRow()),)), {}) == Done(changed=0, bytes_moved=0)


def test_missing_totals_begin_the_adoption_even_if_nothing_changed():
    looks = (Look("k", ObjectRow(), ABSENT),)

    assert track_plan.totals_read(ReadTotals("b", looks), None, None, 1) == Adopt("b", looks)


def test_an_unchanged_row_is_written_and_nothing_else():
    transaction = plan(Look("k", ObjectRow(4, thing(5)), thing(5)))

    assert [(row.read_revision, row.seen) for row in transaction.rows] == [(4, thing(5))]
    assert transaction == Transaction("b", transaction.rows)


@pytest.mark.parametrize(("read", "now", "revision"), [(4, 2000, 2000), (5000, 2000, 5001), (0, 2000, 2000)])
def test_a_revision_always_rises(read, now, revision):
    transaction = plan(Look("k", ObjectRow(read, thing(5)), thing(6)), now=now)

    assert transaction.rows[0].revision == revision


def test_a_new_object_a_larger_one_and_a_removed_one_move_totals_and_history_together():
    transaction = plan(
        Look("dir/new", ObjectRow(), thing(30)),
        Look("dir/grown", ObjectRow(1, thing(10)), thing(25)),
        Look("gone", ObjectRow(1, thing(40)), ABSENT),
    )

    assert transaction.totals == replace(
        LIVE, size=105, count=3, created=4, overwritten=1, removed=1, revision=8, last_time=2000
    )
    sample = transaction.sample
    assert sample == Sample(
        "b", 2000, 105, 3, 4, 1, 1, revision=8, changed_keys=("dir/new", "dir/grown", "gone"), changed_cnt=3
    )
    assert transaction.bucket == "b"
    assert set(transaction.prefixes) == {PrefixDelta("dir/", 45, 1), PrefixDelta(".", -40, -1)}
    assert transaction.peak is None


def test_an_object_replaced_by_another_of_its_size_is_an_overwrite():
    transaction = plan(Look("k", ObjectRow(1, thing(5)), replace(thing(5), etag="another")))

    assert (transaction.totals.size, transaction.totals.overwritten) == (100, 1)
    assert transaction.prefixes == ()


def test_two_samples_of_the_same_microsecond_get_different_times():
    transaction = plan(Look("k", ObjectRow(), thing(5)), now=LIVE.last_time)

    assert transaction.sample.time == LIVE.last_time + 1


@pytest.mark.parametrize(("size", "raised"), [(400, None), (401, Peak(501, "b", 2000))])
def test_only_a_larger_total_raises_the_peak(size, raised):
    assert plan(Look("k", ObjectRow(), thing(size))).peak == raised


def test_while_adopting_totals_move_but_nothing_is_recorded_or_counted():
    totals = replace(LIVE, state=State.ADOPTING)

    transaction = plan(Look("k", ObjectRow(), thing(5)), totals=totals)

    assert transaction.totals == replace(totals, size=105, count=4, revision=8)
    assert transaction.sample is None
    assert transaction.peak is None


def test_going_live_moves_the_revision_records_the_baseline_and_raises_the_peak():
    totals = replace(LIVE, state=State.ADOPTING, max_size=0)

    transaction = track_plan.go_live("b", totals, None, 3000)

    assert transaction.totals == replace(LIVE, revision=8, max_size=100, last_time=3000)
    assert transaction.sample == Sample("b", 3000, 100, 3, 3, 0, 0, revision=8)
    assert transaction.peak == Peak(100, "b", 3000)


def test_the_baseline_opens_the_intervals_of_a_bucket_without_samples():
    """It is the first sample of its minute, hour and day."""
    adopting = replace(LIVE, state=State.ADOPTING, last_time=0)

    transaction = track_plan.go_live("b", adopting, None, 3000)

    assert transaction.totals.open == opened_by((), transaction.sample.point)
    assert transaction.rollups == ()


def test_the_baseline_of_a_bucket_with_older_samples_leaves_its_intervals_unknown():
    """The ledger was lost. Those samples belong to the open intervals, too."""
    adopting = replace(LIVE, state=State.ADOPTING, last_time=5000)

    transaction = track_plan.go_live("b", adopting, None, 3000)

    assert transaction.totals.open is None
    assert (transaction.sample.time, transaction.rollups) == (5001, ())


def test_a_sample_joins_the_open_intervals():
    known = replace(LIVE, open=opened_by((), LIVE.last))

    transaction = plan(Look("k", ObjectRow(), thing(5)), totals=known)

    assert transaction.totals.open == opened_by(known.open, Point(105, 4, 2000))
    assert transaction.rollups == ()


def test_a_sample_of_a_later_interval_closes_the_one_before_in_the_same_transaction():
    known = replace(LIVE, open=opened_by((), LIVE.last))
    minute = Unit.MINUTE.length

    transaction = plan(Look("k", ObjectRow(), thing(5)), totals=known, now=minute)

    assert transaction.rollups == (known.open_rollup(Unit.MINUTE),)
    assert transaction.rollups[0].last == LIVE.last
    assert transaction.totals.open[0] == Interval.of(minute, Point(105, 4, minute))
    assert [interval.sample_cnt for interval in transaction.totals.open] == [1, 2, 2]


def test_the_interval_is_that_of_the_samples_time_and_not_of_the_clocks():
    """A clock that is behind would file the sample under an interval that is closed."""
    last = 3 * Unit.MINUTE.length - 1
    known = replace(LIVE, last_time=last, open=opened_by((), Point(100, 3, last)))

    transaction = plan(Look("k", ObjectRow(), thing(5)), totals=known, now=1)

    assert transaction.sample.time == last + 1
    assert transaction.totals.open[0].start == last + 1
    assert [rollup.interval.start for rollup in transaction.rollups] == [2 * Unit.MINUTE.length]


def test_unknown_intervals_stay_unknown_until_they_are_recomputed():
    """Version 0.1 wrote the totals: what the open intervals were, only the samples tell."""
    transaction = plan(Look("k", ObjectRow(), thing(5)), now=10**15)

    assert transaction.sample.time == 10**15
    assert (transaction.totals.open, transaction.rollups) == (None, ())


def test_a_baseline_below_the_peak_does_not_lower_it():
    adopting = replace(LIVE, state=State.ADOPTING)

    assert track_plan.go_live("b", adopting, PEAK, 3000).peak is None


def test_the_baseline_of_an_empty_bucket_is_0():
    totals = Totals(0, 0, 0, 0, 0, max_size=0, last_time=0, revision=1, state=State.ADOPTING)

    sample = track_plan.go_live("b", totals, None, 3000).sample

    assert (sample.total_size, sample.object_cnt) == (0, 0)


def test_a_moved_row_sends_the_chunk_back_to_reading_rows_and_moved_totals_do_not():
    looks = (Look("k", ObjectRow(1), thing(5)),)
    state = track_plan.totals_read(ReadTotals("b", looks), LIVE, PEAK, 1)

    assert track_plan.committed(state, Outcome.ROW_MOVED) == ReadRows("b", ("k",))
    assert track_plan.committed(state, Outcome.TOTALS_MOVED) == ReadTotals("b", looks)
    assert track_plan.committed(state, Outcome.COMMITTED) == Done(changed=1, bytes_moved=5)


def test_totals_beyond_2_to_the_53_stay_exact():
    huge = replace(LIVE, size=2**60 + 1)

    transaction = plan(Look("k", ObjectRow(), thing(50 * 10**12 + 1)), totals=huge)

    assert transaction.totals.size == 2**60 + 50 * 10**12 + 2
    assert Totals.from_item(transaction.totals.to_item("b")) == transaction.totals


@pytest.mark.parametrize("prefixes", [1, 2, 50, 200])
def test_a_full_chunk_that_closes_every_interval_fills_a_transaction_of_100_items(prefixes):
    (first, *_) = track_plan.chunks(keys_of(prefixes, 200 // prefixes))
    looks = tuple(Look(key, ObjectRow(), thing(1)) for key in first)

    transaction = plan(*looks, totals=replace(LIVE, open=opened_by((), LIVE.last)), peak=None, now=10**12)

    writes = transact_items(transaction, ledger="ledger", history="history", now=1)
    assert len(transaction.rollups) == 3
    assert 99 <= len(writes) <= 100


def test_a_sample_names_the_first_ten_changed_keys_and_counts_all():
    looks = [Look(f"k{number:02}", ObjectRow(), thing(1)) for number in range(12)]

    sample = plan(*looks, Look("same", ObjectRow(1, thing(1)), thing(1))).sample

    assert sample.changed_keys == tuple(f"k{number:02}" for number in range(10))
    assert sample.changed_cnt == 12


def test_the_maximum_of_the_samples_rises_with_them_only():
    assert plan(Look("k", ObjectRow(), thing(21))).totals.max_size == 121
    assert plan(Look("k", ObjectRow(), thing(20))).totals.max_size == 120


def test_a_row_write_says_what_was_before_for_the_trace():
    transaction = plan(Look("k", ObjectRow(4, thing(5)), thing(6)), Look("n", ObjectRow(), thing(1)))

    assert [(row.key, row.read_revision, row.size_before) for row in transaction.rows] == [
        ("k", 4, 5),
        ("n", 0, None),
    ]


def test_an_adoption_goes_on_with_the_same_looks():
    looks = (Look("k", ObjectRow(), thing(5)),)

    assert track_plan.adopted(Adopt("b", looks)) == ReadTotals("b", looks)


def test_moves_of_a_prefix_are_summed_and_those_that_cancel_out_are_left_out():
    transaction = plan(
        Look("p/a", ObjectRow(), thing(5)),
        Look("p/b", ObjectRow(1, thing(3)), ABSENT),
        Look("q/a", ObjectRow(), thing(5)),
        Look("q/b", ObjectRow(1, thing(5)), ABSENT),
        Look("r/a", ObjectRow(1, thing(5)), thing(7)),
        Look("s/empty", ObjectRow(), thing(0)),
    )

    assert transaction.prefixes == (
        PrefixDelta("p/", 2, 0),
        PrefixDelta("r/", 2, 0),
        PrefixDelta("s/", 0, 1),
    )


@pytest.mark.parametrize(
    ("looks", "done"),
    [
        ((Look("k", ObjectRow(1, thing(9)), thing(4)),), Done(1, 5)),
        ((Look("k", ObjectRow(1, thing(9)), ABSENT), Look("l", ObjectRow(), thing(4))), Done(2, 13)),
        ((Look("k", ObjectRow(1, thing(9)), thing(9)),), Done(0, 0)),
    ],
)
def test_a_commit_counts_changed_keys_and_bytes_without_their_sign(looks, done):
    state = track_plan.totals_read(ReadTotals("b", looks), LIVE, PEAK, 1)

    assert track_plan.committed(state, Outcome.COMMITTED) == done
    assert state.looks == looks


def keys_of(prefixes, each):
    return [f"p{prefix:03}/k{number:03}" for prefix in range(prefixes) for number in range(each)]


@pytest.mark.parametrize(
    ("keys", "lengths"),
    [
        ([], []),
        (keys_of(1, 1), [1]),
        (keys_of(1, 93), [93]),
        (keys_of(1, 94), [93, 1]),
        (keys_of(47, 1), [47]),
        (keys_of(48, 1), [47, 1]),
        (keys_of(10, 8), [80]),
        (keys_of(3, 60), [92, 88]),
    ],
    ids=["none", "one", "a prefix", "and one more", "alone", "and another", "ten prefixes", "long ones"],
)
def test_a_chunk_has_as_many_keys_as_a_transaction_has_room_for(keys, lengths):
    found = list(track_plan.chunks(keys))

    assert [len(chunk) for chunk in found] == lengths
    assert [key for chunk in found for key in chunk] == keys


@given(st.lists(st.sampled_from(keys_of(60, 4)), unique=True))
def test_no_chunk_exceeds_the_limits_of_dynamodb_and_none_could_be_longer(keys):
    found = list(track_plan.chunks(keys))

    room = [len(chunk) + len({prefix_of(key) for key in chunk}) for chunk in found]
    assert all(each + 6 <= MAX_ITEMS for each in room)
    assert all(len(chunk) + 1 <= MAX_ITEMS for chunk in found)  # read with the bucket's row
    assert all(each + 2 + 6 > MAX_ITEMS for each in room[:-1])
