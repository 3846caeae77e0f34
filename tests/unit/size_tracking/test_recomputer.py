"""Rollups made from the samples of a bucket, message by message, whatever else goes on."""

import json
from dataclasses import replace

import pytest

from size_history import items
from size_history.deadline import OutOfTimeError
from size_history.items import Recomputed, Rollup, Sample, State, Totals
from size_history.messages import RecomputeRollups, ReconcileEveryBucket
from size_history.rollups import Unit
from size_history.sources import Hearing, Source
from size_tracking import recomputer
from size_tracking.ledger import Ledger
from size_tracking.recomputer import TotalsMovedError
from tests.stateful.memory import failure
from tests.unit.size_history.test_rollups import by_definition, recorded
from tests.unit.size_tracking.parts import LATER, NOW, Parts, event

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
START = NOW - 10 * DAY
TIMES = (0, 1, 30 * SECOND, MINUTE, HOUR, HOUR + 1, 5 * HOUR, DAY, DAY + MINUTE, 9 * DAY, 9 * DAY + 1)
EVERYTHING = RecomputeRollups("data", 0)


def samples_at(*times, bucket="data"):
    return [Sample(bucket, START + time, 10 + number * 7 % 5, number) for number, time in enumerate(times)]


class Filled(Parts):
    """The parts around a history with samples, and totals that know nothing of their intervals."""

    def __init__(self, samples, **kept):
        super().__init__()
        self.known = samples
        last = samples[-1]
        totals = Totals(last.total_size, last.object_cnt, 0, 0, 0, 0, last.time, 5, State.LIVE)
        self.track(totals=replace(totals, **kept))
        for sample in samples:
            self.tables._put({"TableName": "history", "Item": sample.to_item()})

    def stored(self):
        rows = [row for (pk, _), row in self.tables.tables["ledger"].items() if "#rollup#" in pk]
        return sorted(map(Rollup.from_item, rows), key=lambda row: (row.unit, row.interval.start))

    def right(self):
        """Return what is right of the samples: the closed rows and the open intervals."""
        totals, closed = recorded(self.known)
        return sorted(closed, key=lambda row: (row.unit, row.interval.start)), totals.open

    def store(self, rollup):
        self._store(rollup.to_item("data"))

    def recomputed(self):
        item = self.tables.tables["ledger"].get(("data", "rollups"))
        return item and Recomputed.from_item(item)

    def is_right(self):
        return (self.stored(), self.totals().open) == self.right()

    def requests_of(self, *operations):
        return [request for operation, request in self.journal if operation in operations]


@pytest.fixture
def filled():
    return Filled(samples_at(*TIMES))


def drift(capsys):
    """Return the metric of the function, each time it was told."""
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all("Bucket" not in record for record in records)
    return [record["RollupDrift"] for record in records if "RollupDrift" in record]


def test_the_rollups_of_version_0_1_are_made_by_one_message(filled, capsys):
    assert filled.handle(RecomputeRollups("data").to_json()) == []

    assert filled.is_right()
    closed, _ = filled.right()
    assert filled.recomputed() == Recomputed(filled.recomputed().ended, len(closed) + 1)
    assert filled.recomputed().ended >= NOW
    assert filled.sent() == []
    assert drift(capsys) == [0]


def test_the_daily_message_of_all_buckets_makes_them_too(filled):
    filled.drain(ReconcileEveryBucket().to_json())
    for body, _ in filled.sent():
        if body["tidemark"] == "recompute-rollups":
            filled.drain(json.dumps(body))

    assert filled.is_right()


def test_totals_keep_everything_but_their_intervals_and_their_revision(filled):
    before = filled.totals()

    filled.handle(EVERYTHING.to_json())

    assert filled.totals() == replace(before, open=filled.right()[1], revision=before.revision + 1)


def test_what_is_right_already_is_not_written_again(filled, capsys):
    filled.handle(EVERYTHING.to_json())
    before, filled.journal[:] = filled.totals(), []
    capsys.readouterr()

    filled.handle(EVERYTHING.to_json())

    assert filled.requests("transact_write_items") == []
    assert filled.totals() == before
    assert filled.recomputed().differing == 0
    assert drift(capsys) == [0]


def test_a_difference_is_corrected_and_counted_as_drift(filled, capsys, caplog):
    caplog.set_level("INFO")
    filled.handle(EVERYTHING.to_json())
    (right, *_) = filled.stored()
    filled.store(replace(right, removed_cnt=right.removed_cnt + 1))
    capsys.readouterr()

    filled.handle(EVERYTHING.to_json())

    assert filled.is_right()
    assert filled.recomputed().differing == 1
    assert drift(capsys) == [1]
    assert 'rollups recomputed {"bucket": "data", "differing": 1}' in caplog.messages


def test_expected_gaps_are_counted_but_are_no_drift(filled, capsys):
    filled.handle(RecomputeRollups("data", 0, gaps=True).to_json())

    assert filled.recomputed().differing > 0
    assert drift(capsys) == [0]


def test_wrong_open_intervals_are_corrected(filled):
    filled.handle(EVERYTHING.to_json())
    totals = filled.totals()
    minute, hour, day = totals.open
    filled._store(replace(totals, open=(minute, hour, replace(day, sample_cnt=99))).to_item("data"))

    filled.handle(RecomputeRollups("data").to_json())

    assert filled.is_right()
    assert filled.recomputed().differing == 1


def test_the_daily_check_looks_at_yesterday_and_today_only():
    filled = Filled(samples_at(0, DAY, 5 * DAY, 5 * DAY + MINUTE, 6 * DAY))
    filled.handle(EVERYTHING.to_json())
    old, *_ = filled.stored()
    yesterday = next(
        row for row in filled.stored() if row.unit is Unit.MINUTE and row.interval.start > START + 4 * DAY
    )
    for row in (old, yesterday):
        filled.store(replace(row, created_cnt=77))

    filled.handle(RecomputeRollups("data").to_json())

    assert [row.created_cnt for row in filled.stored() if row.created_cnt] == [77]
    assert filled.recomputed().differing == 1


def test_a_message_reads_a_few_pages_and_the_next_one_goes_on(filled, monkeypatch):
    monkeypatch.setattr(recomputer, "MAX_PAGES", 2)
    filled.tables.page_rows = 1

    filled.drain(EVERYTHING.to_json())

    assert filled.is_right()
    sent = [body["since"] for body, _ in filled.sent()]
    assert len(sent) >= 3
    assert sent == sorted(set(sent))
    closed, _ = filled.right()
    assert filled.recomputed().differing == len(closed) + 1


def test_who_asked_finds_the_end_of_what_was_asked_for(filled, monkeypatch):
    """The daily check may end in between."""
    monkeypatch.setattr(recomputer, "MAX_PAGES", 1)
    filled.tables.page_rows = 1

    filled.drain(RecomputeRollups("data", 0, asked=NOW + 5).to_json())

    assert filled.recomputed().asked == NOW + 5


def test_a_message_never_ends_within_a_minute(filled, monkeypatch):
    """A minute from a part of its samples would be wrong."""
    monkeypatch.setattr(recomputer, "MAX_PAGES", 1)
    filled.tables.page_rows = 2

    filled.handle(EVERYTHING.to_json())

    ((body, _),) = filled.sent()
    assert body["since"] % MINUTE == 0
    assert set(filled.stored()) <= set(filled.right()[0])


def test_a_minute_with_more_samples_than_a_message_reads_is_read_as_a_whole(monkeypatch):
    monkeypatch.setattr(recomputer, "MAX_PAGES", 1)
    filled = Filled(samples_at(*range(7), MINUTE, 2 * MINUTE))
    filled.tables.page_rows = 2

    filled.drain(EVERYTHING.to_json())

    assert filled.is_right()


def test_a_message_that_comes_twice_or_late_changes_nothing(filled, monkeypatch):
    monkeypatch.setattr(recomputer, "MAX_PAGES", 1)
    filled.tables.page_rows = 1
    filled.drain(EVERYTHING.to_json())
    bodies = [json.dumps(body) for body, _ in filled.sent()]

    for body in (*bodies, *reversed(bodies), EVERYTHING.to_json()):
        filled.drain(body)

    assert filled.is_right()


def test_it_stops_reading_at_the_deadline_and_goes_on_with_the_next_message(filled):
    filled.tables.page_rows = 1

    filled.recomputer.step(EVERYTHING, deadline=filled.time.now)

    ((body, _),) = filled.sent()
    assert body["since"] > 0
    filled.drain(json.dumps(body))
    assert filled.is_right()


def test_a_message_that_is_out_of_time_comes_back_and_what_was_put_stays(filled):
    filled.dynamodb.before = lambda operation, _: (
        filled.deadline.allow(0) if operation == "transact_write_items" else None
    )

    with pytest.raises(OutOfTimeError):
        filled.recomputer.step(EVERYTHING, deadline=LATER)

    filled.dynamodb.before = lambda *_: None
    assert set(filled.stored()) <= set(filled.right()[0])
    filled.rest()
    filled.drain(EVERYTHING.to_json())
    assert filled.is_right()


@pytest.mark.parametrize("size", [5, 6, 99, 100, 101, 250])
def test_any_number_of_rollups_is_put(size):
    filled = Filled(samples_at(*(number * MINUTE for number in range(size + 1))))

    filled.drain(EVERYTHING.to_json())

    assert filled.is_right()
    written = filled.requests_of("transact_write_items")
    assert all(len(request["TransactItems"]) <= 100 for request in written)


def while_putting(filled, happens, *, times=1):
    """Let something happen ahead of the transactions that put the open intervals."""
    left = [times]

    def before(operation, request):
        if operation != "transact_write_items" or not left[0]:
            return
        item = request["TransactItems"][0].get("Put", {}).get("Item", {})
        if item.get(items.keys.SK) == {"S": "totals"}:
            left[0] -= 1
            happens()

    filled.dynamodb.before = before


def commit_at(filled, time, *, as_version_0_1=False):
    """Record one more sample, as the tracker does: its totals may know their intervals."""
    before = filled.totals()
    sample = Sample("data", time, before.size + 1, before.count + 1)
    filled.known.append(sample)
    totals, rows = recorded(filled.known)
    known = before.open is not None and not as_version_0_1
    filled._store(
        replace(
            before,
            size=sample.total_size,
            count=sample.object_cnt,
            last_time=time,
            revision=before.revision + 1,
            open=totals.open if known else None,
        ).to_item("data")
    )
    filled.tables._put({"TableName": "history", "Item": sample.to_item()})
    for row in rows if known else ():
        filled.store(row)


def test_commits_meanwhile_make_it_look_again(filled):
    last = filled.totals().last_time
    times = iter((last + 1, last + 2))
    while_putting(filled, lambda: commit_at(filled, next(times)), times=2)

    assert filled.handle(EVERYTHING.to_json()) == []

    assert filled.is_right()
    assert len(filled.time.pauses) == 2


def test_each_try_reads_only_the_samples_that_are_new(filled, monkeypatch):
    """On a bucket that changes all the time, a whole minute would take too long to read again and again."""
    last = filled.totals().last_time
    while_putting(filled, lambda: commit_at(filled, last + 5))
    read, samples = [], Ledger.samples
    monkeypatch.setattr(Ledger, "samples", lambda *asked: read.append(asked[2:]) or samples(*asked))

    filled.handle(EVERYTHING.to_json())

    until = Unit.MINUTE.start_of(last)
    assert read == [(0, until), (until, last + 1), (last + 1, last + 6)]
    assert filled.is_right()


def test_a_minute_that_closes_meanwhile_is_made_by_the_next_message(filled):
    last = filled.totals().last_time
    while_putting(filled, lambda: commit_at(filled, last + MINUTE))

    filled.handle(EVERYTHING.to_json())
    ((body, _),) = filled.sent()
    assert body["since"] == Unit.MINUTE.start_of(last)
    filled.drain(json.dumps(body))

    assert filled.is_right()


def test_totals_that_always_move_send_the_message_back_without_a_trace(filled, caplog):
    time = iter(range(filled.totals().last_time + 1, LATER))
    while_putting(filled, lambda: commit_at(filled, next(time)), times=10**9)

    with pytest.raises(TotalsMovedError, match="commits moved the totals of data all the time"):
        filled.recomputer.step(EVERYTHING, deadline=LATER)
    assert filled.handle(EVERYTHING.to_json()) == ["m0"]

    assert len(filled.time.pauses) == 2 * recomputer.MAX_TRIES
    (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert not record.exc_info
    assert filled.recomputed() is None


def test_rows_that_a_commit_is_putting_send_the_message_back(filled):
    def conflict(operation, request):
        if operation == "transact_write_items":
            reasons = [{"Code": "TransactionConflict"} for _ in request["TransactItems"]]
            raise failure(
                "dynamodb", operation, "TransactionCanceledException", 400, CancellationReasons=reasons
            )

    filled.dynamodb.before = conflict

    assert filled.handle(EVERYTHING.to_json()) == ["m0"]


def test_a_bucket_of_version_0_1_that_is_written_on_by_it_is_finished_later(filled):
    """Version 0.1 puts totals without intervals, and closes no rows."""
    filled.drain(EVERYTHING.to_json())
    last = filled.totals().last_time
    for gap in (1, MINUTE, 3 * HOUR):
        commit_at(filled, last + gap, as_version_0_1=True)

    assert set(filled.stored()) <= set(filled.right()[0])
    filled.drain(RecomputeRollups("data").to_json())

    assert filled.is_right()


def test_the_tracker_goes_on_with_the_intervals_that_were_found(filled):
    filled.drain(EVERYTHING.to_json())
    filled.put("k", 5)

    filled.handle(event("k"))

    (*_, newest) = sorted(map(Sample.from_item, filled.samples()), key=lambda sample: sample.time)
    filled.known.append(newest)
    assert newest.time > NOW
    assert filled.is_right()


def test_the_tracker_opens_nothing_on_a_bucket_whose_intervals_are_unknown(filled):
    filled.put("k", 5)

    filled.handle(event("k"))

    assert filled.totals().open is None
    assert filled.stored() == []


@pytest.mark.parametrize(
    ("source", "totals"),
    [(Source(since=1), None), (Source(since=1), Totals(0, 0, 0, 0, 0, 0, 0, 1, State.ADOPTING))],
    ids=["no totals", "adopting"],
)
def test_a_bucket_without_samples_has_no_rollups(source, totals):
    parts = Parts()
    parts.track(source=source, totals=totals)

    assert parts.handle(EVERYTHING.to_json()) == []

    assert parts.requests("transact_write_items", "put_item", "send_message") == []


@pytest.mark.parametrize("source", [None, Source(since=1, hearing=Hearing.LEAVING)])
def test_a_message_for_a_bucket_that_is_not_tracked_is_dropped(filled, source, caplog):
    """Otherwise it would write rows that `make untrack HISTORY=delete` has just deleted."""
    del filled.tables.tables["ledger"]["*", "bucket/data"]
    if source:
        filled._store(source.to_item("data"))

    assert filled.handle(EVERYTHING.to_json()) == []

    assert filled.stored() == []
    assert "a message is dropped (RecomputeRollups)" in caplog.text


def test_a_history_that_was_lost_changes_nothing(filled):
    filled.drain(EVERYTHING.to_json())
    before = filled.stored(), filled.totals()
    filled.tables.tables["history"].clear()

    assert filled.handle(EVERYTHING.to_json()) == []

    assert (filled.stored(), filled.totals()) == before


def test_rows_stay_when_their_samples_have_expired(filled):
    """The first days of ten are older than five days, and samples are kept for seven."""
    filled.drain(EVERYTHING.to_json())
    before = filled.stored()
    history = filled.tables.tables["history"]
    for (bucket, time), item in list(history.items())[:2]:
        assert Sample.from_item(item).time < START + HOUR
        del history[bucket, time]

    replace(filled.recomputer, sample_retention_days=7).step(EVERYTHING, deadline=LATER)

    assert filled.stored() == before
    filled.recomputer.step(EVERYTHING, deadline=LATER)
    assert filled.stored() != before, "without a retention the samples say what is right"


def test_open_intervals_stay_when_their_samples_may_have_expired():
    """Nothing has changed for ten days."""
    filled = Filled(samples_at(0, 1, 2))
    filled.drain(EVERYTHING.to_json())
    before = filled.totals()
    history = filled.tables.tables["history"]
    del history[min(history)]

    replace(filled.recomputer, sample_retention_days=7).step(EVERYTHING, deadline=LATER)

    assert filled.totals() == before


def test_rollups_of_samples_that_never_expire_are_made_however_old_they_are(filled):
    """Version 0.1 wrote them, and the update set a retention."""
    replace(filled.recomputer, sample_retention_days=7).step(EVERYTHING, deadline=LATER)

    assert filled.is_right()


def test_rows_are_read_and_put_on_their_definition(filled):
    filled.drain(EVERYTHING.to_json())

    for unit in Unit:
        found = filled.ledger.rollups("data", unit, 0, LATER)
        assert found == [row for row in by_definition(unit, filled.known) if row in filled.right()[0]]
    assert filled.ledger.rollups("data", Unit.DAY, 0, Unit.DAY.start_of(START)) == []
    assert len(filled.ledger.rollups("data", Unit.DAY, 0, Unit.DAY.start_of(START) + 1)) == 1
    assert filled.ledger.rollups("data", Unit.DAY, 5, 5) == []
