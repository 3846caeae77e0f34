"""Runs against services in memory: what they heal, report and survive, and that none of their loops turns without end."""

import json
from dataclasses import replace

import pytest

from size_history.budgets import LANDING_SECONDS, TRACKER
from size_history.deadline import OutOfTimeError
from size_history.items import Sample, State
from size_history.messages import MAX_PAGE_KEYS, RecomputeRollups, ReconcileRequest
from size_history.rollups import opened_by
from size_history.sources import Hearing, Source
from size_tracking import reconciler
from size_tracking.reconcile_plan import Difference
from size_tracking.reconciler import (
    MAX_LOGGED_REFUSALS,
    OVERDUE,
    StepFailedError,
    _overdue,
)
from size_tracking.tracked import NotTrackedError
from size_tracking.tracker import Tracker, pause_seconds
from size_tracking.transaction import run_of
from tests.unit.size_tracking.parts import CHUNK, LATER, NOW, SECOND, Parts, event
from tests.unit.size_tracking.reconciling import (
    FIRST_STEP,
    RECONCILE,
    cancel,
    creates_totals,
    ended,
    refuse,
    run,
    step,
)

# --- a step ---


def test_what_alarms_watch_is_told_of_all_buckets_together_too(parts, capsys):
    """An alarm names its dimensions, and a bucket that was tracked by hand is in no template."""
    parts.put("a", 3, age=OVERDUE.total_seconds() + 10)

    parts.drain(RECONCILE)

    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [each for each in records if "Function" in each]
    assert [(each["ReconcileRefusedKeys"], each["DriftHealedKeys"]) for each in told] == [(0, 1)]
    assert [each["_aws"]["CloudWatchMetrics"][0]["Dimensions"] for each in told] == [[["Function"]]]


def test_a_run_heals_what_differs_and_reports_it(parts, capsys):
    for key in ("a", "b", "c"):
        parts.put(key, 3, age=OVERDUE.total_seconds() + 10)
    parts.handle(event("a"), event("b"))
    parts.put("b", 5, age=60)
    del parts.memory_s3.buckets["data"]["a"]

    parts.drain(RECONCILE)

    assert parts.totals().size == 8
    (metrics,) = ended(capsys)
    expected = {
        "ReconcileCheckedKeys": (3, "Count"),
        "ReconcileHealedKeys": (3, "Count"),
        "ReconcileDrift": (3 + 2 + 3, "Bytes"),
        "ReconcileRefusedKeys": (0, "Count"),
        "DriftHealedKeys": (1, "Count"),
    }
    assert metrics["Bucket"] == "data"
    assert {name: metrics[name] for name in expected} == {
        name: value for name, (value, _) in expected.items()
    }
    units = {each["Name"]: each["Unit"] for each in metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert units == {name: unit for name, (_, unit) in expected.items()}
    assert metrics["_aws"]["Timestamp"] == run(parts).ended // 1000


def test_alarms_are_about_all_buckets_together(parts, capsys, monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "tracker")
    parts.put("k", 3, age=10 * OVERDUE.total_seconds())

    parts.drain(RECONCILE)

    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (told,) = [record for record in records if "Function" in record]
    assert {name: told[name] for name in told if name != "_aws"} == {
        "Function": "tracker",
        "ReconcileRefusedKeys": 0,
        "DriftHealedKeys": 1,
    }
    assert told["_aws"]["Timestamp"] == run(parts).ended // 1000


@pytest.mark.parametrize(
    ("age", "missed"),
    [(OVERDUE.total_seconds() + 2, 1), (OVERDUE.total_seconds() - 2, 0), (0, 0)],
)
def test_only_an_object_that_was_there_for_a_while_counts_as_missed(parts, capsys, age, missed):
    parts.put("k", 3, age=age)

    parts.drain(RECONCILE)

    assert [each["DriftHealedKeys"] for each in ended(capsys)] == [missed]


@pytest.mark.parametrize(("late", "overdue"), [(0, False), (1, True)])
def test_an_object_is_overdue_after_that_time_and_not_at_it(late, overdue):
    difference = Difference("k", 1, "2027-01-15T08:00:00Z")
    now = NOW + round(OVERDUE.total_seconds()) * SECOND + late

    assert _overdue(difference, now) is overdue
    assert not _overdue(Difference("k", 1), now)


def test_the_keys_that_no_event_told_of_are_counted_over_all_chunks(parts, capsys):
    for number in range(CHUNK + 1):
        parts.put(f"k{number:03}", 1, age=10 * OVERDUE.total_seconds())

    parts.drain(RECONCILE)

    assert [each["DriftHealedKeys"] for each in ended(capsys)] == [CHUNK + 1]


def test_an_adoption_misses_nothing(new, capsys):
    new.put("k", 3, age=10 * OVERDUE.total_seconds())

    new.drain(RECONCILE)

    assert [(each["ReconcileHealedKeys"], each["DriftHealedKeys"]) for each in ended(capsys)] == [(1, 0)]
    assert new.totals().state is State.LIVE


def test_the_metrics_tell_the_size_after_each_chunk_and_at_the_baseline(new, parts, capsys):
    def sizes():
        records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        told = [record for record in records if "TotalSize" in record]
        assert {record["Bucket"] for record in told} == {"data"}
        assert all(record["_aws"]["Timestamp"] >= NOW // 1000 for record in told)
        return [record["TotalSize"] for record in told]

    for number in range(CHUNK + 1):
        new.put(f"k{number:03}", 1)
        parts.put(f"k{number:03}", 1)

    new.drain(RECONCILE)
    assert sizes() == [CHUNK + 1]

    parts.drain(RECONCILE)
    assert sizes() == [CHUNK, CHUNK + 1]


def test_keys_that_s3_refuses_are_counted_and_named_and_the_run_goes_on(parts, caplog, capsys):
    refused = {f"r{number:02}" for number in range(MAX_LOGGED_REFUSALS + 5)}
    for key in refused | {"a", "z"}:
        parts.put(key, 3, age=10 * OVERDUE.total_seconds())
    refuse(parts, "head_object", bucket_keys=refused, code="403", status=403)
    refuse(parts, "list_objects_v2", bucket_keys=refused, code="AccessDenied", status=403)

    parts.drain(RECONCILE)

    assert parts.totals().size == 6
    (metrics,) = ended(capsys)
    assert (metrics["ReconcileRefusedKeys"], metrics["ReconcileHealedKeys"]) == (15, 2)
    assert metrics["DriftHealedKeys"] == 2
    lines = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert len(lines) == MAX_LOGGED_REFUSALS
    assert lines[0].startswith("key 'r00' of bucket data is not counted: S3 refuses HEAD (403) and listing")


def test_the_refusals_of_all_chunks_of_a_step_share_the_lines_of_the_log(parts, caplog):
    refused = {f"r{number:03}" for number in range(2 * CHUNK)}
    for key in refused:
        parts.put(key, 3)
    refuse(parts, "head_object", bucket_keys=refused, code="403", status=403)
    refuse(parts, "list_objects_v2", bucket_keys=refused, code="AccessDenied", status=403)

    parts.drain(RECONCILE)

    assert run(parts).refused == 2 * CHUNK
    assert len([each for each in caplog.records if each.levelname == "ERROR"]) == MAX_LOGGED_REFUSALS


def test_an_adopting_bucket_with_a_refused_key_goes_live(new):
    new.put("bad", 3)
    new.put("good", 5)
    refuse(new, "head_object", bucket_keys={"bad"}, code="403", status=403)
    refuse(new, "list_objects_v2", bucket_keys={"bad"}, code="AccessDenied", status=403)

    new.drain(RECONCILE)

    assert (new.totals().state, new.totals().size) == (State.LIVE, 5)


def test_a_key_that_fails_sends_the_step_back_without_moving_the_run(parts):
    for key in ("a", "b", "c"):
        parts.put(key, 1)
    parts.starter.begin("data")
    before = run(parts)
    refuse(parts, "head_object", bucket_keys={"b", "c"})

    message = r"2 keys of a reconcile page could not be committed, 'b' first: .*500"
    with pytest.raises(StepFailedError, match=message) as raised:
        step(parts)

    assert raised.value.__cause__ is not None
    assert run(parts) == before
    assert parts.totals().size == 1


def test_a_step_that_is_delivered_again_does_nothing(parts, caplog):
    caplog.set_level("INFO")
    parts.put("a", 1)
    parts.put("b", 1)
    parts.starter.begin("data", 1)
    step(parts)
    before, journal = run(parts), len(parts.journal)

    step(parts)

    assert run(parts) == before
    assert [operation for operation, _ in parts.journal[journal:]] == ["get_item", "get_item"][:2]
    told = {"bucket": "data", "run_id": "run0", "cursor": ""}
    assert f"reconcile step had nothing to do {json.dumps(told)}" in [
        each.getMessage() for each in caplog.records
    ]


def test_the_log_tells_how_far_a_run_is(parts, caplog):
    caplog.set_level("INFO")
    parts.put("a", 2)
    parts.put("b", 2)

    parts.handle(ReconcileRequest("data", 1).to_json())
    parts.drain(json.dumps(FIRST_STEP))

    lines = [each.getMessage() for each in caplog.records if "reconcile " in each.getMessage()]
    fields = [(line.split(" {")[0], json.loads(line[line.index("{") :])) for line in lines]
    told = {"bucket": "data", "run_id": "run0", "drift_bytes": 2, "refused": 0}
    assert fields == [
        ("reconcile goes on", {**told, "cursor": "", "checked": 1, "healed": 1}),
        ("reconcile ended", {**told, "cursor": "a", "checked": 2, "healed": 2, "drift_bytes": 4}),
    ]


def test_the_next_step_is_sent_before_the_run_says_so(parts):
    parts.put("a", 1)
    parts.put("b", 1)
    parts.starter.begin("data", 1)
    parts.journal.clear()
    announced = []
    parts.sqs.before = lambda *_: announced.append(run(parts).announced)

    step(parts)

    assert announced == [False]
    assert run(parts).announced
    assert parts.sent() == [({**FIRST_STEP, "cursor": "a"}, 0)]


def test_a_step_that_died_before_it_announced_the_next_one_announces_it_when_it_comes_back(parts):
    parts.put("a", 1)
    parts.put("b", 1)
    parts.starter.begin("data", 1)
    refuse(parts, "send_message", times=1, code="Throttled", status=503, service="sqs")
    with pytest.raises(Exception, match="Throttled"):
        step(parts)
    parts.journal.clear()

    step(parts)

    assert parts.sent() == [({**FIRST_STEP, "cursor": "a"}, 0)]
    assert parts.requests("list_objects_v2") == []


def test_a_page_has_the_size_of_the_run_and_begins_after_its_cursor(parts):
    for key in ("a", "b", "c"):
        parts.put(key, 1)
    parts.starter.begin("data", 2)

    step(parts)
    step(parts, "b")

    listings = [request for operation, request in parts.journal if operation == "list_objects_v2"]
    assert listings == [{"Bucket": "data", "MaxKeys": 2, "StartAfter": after} for after in ("", "b")]
    assert run(parts).ended


def test_a_page_compares_at_most_a_thousand_differences(parts, monkeypatch):
    limits = []
    compare = reconciler.reconcile_plan.compare
    monkeypatch.setattr(
        reconciler.reconcile_plan,
        "compare",
        lambda *sides, until, limit: limits.append(limit) or compare(*sides, until=until, limit=limit),
    )
    parts.starter.begin("data")

    step(parts)

    assert limits == [MAX_PAGE_KEYS] == [1000]


# --- running out of time ---


def slow_heads(parts, seconds):
    def wait(operation, request):
        if operation == "head_object":
            parts.time.now += round(seconds * SECOND)

    parts.s3.before = wait


def test_a_page_that_takes_too_long_is_cut_after_the_keys_that_are_committed(parts):
    """The run moves, so that the next step goes on from there and a slow bucket gets done."""
    keys = [f"k{number:03}" for number in range(3 * CHUNK)]
    for key in keys:
        parts.put(key, 1)
    parts.starter.begin("data")
    parts.deadline.allow(22)
    slow_heads(parts, 0.1)

    step(parts)

    found = run(parts)
    assert (found.cursor, found.checked) == (keys[2 * CHUNK - 1], 2 * CHUNK)
    assert parts.totals().count == found.healed == found.drift > 2 * CHUNK  # some of the third chunk, too
    assert parts.sent()[-1][0]["cursor"] == found.cursor


def test_tracking_stops_while_there_is_time_to_move_the_run(parts, monkeypatch):
    keys = [f"k{number:03}" for number in range(2 * CHUNK)]
    for key in keys:
        parts.put(key, 1)
    parts.starter.begin("data")
    parts.deadline.allow(10)
    asked = []
    track = Tracker.track
    monkeypatch.setattr(
        Tracker,
        "track",
        lambda *arguments, deadline: asked.append(deadline) or track(*arguments, deadline=deadline),
    )

    step(parts)
    assert set(asked) == {parts.deadline.at - round(LANDING_SECONDS * SECOND)}

    asked.clear()
    parts.put("l", 1)
    parts.starter.begin("data")
    step(parts, run_id="run1", deadline=parts.time.now + SECOND)
    assert max(asked) < parts.deadline.at - round(LANDING_SECONDS * SECOND)


def test_the_landing_is_long_enough_for_a_few_writes_and_leaves_time_to_track():
    assert 1 <= LANDING_SECONDS <= TRACKER.working_seconds / 4


def test_a_page_whose_first_chunk_is_too_slow_goes_back(parts):
    for key in ("a", "b"):
        parts.put(key, 1)
    parts.starter.begin("data")
    before = run(parts)
    parts.deadline.allow(4)
    slow_heads(parts, 20)

    with pytest.raises((StepFailedError, OutOfTimeError)):
        step(parts)

    parts.rest()
    assert run(parts) == before


def test_an_error_in_a_later_chunk_is_not_taken_for_the_end_of_time(parts):
    keys = [f"k{number:03}" for number in range(2 * CHUNK)]
    for key in keys:
        parts.put(key, 1)
    parts.starter.begin("data")
    refuse(parts, "head_object", bucket_keys={keys[-1]})

    with pytest.raises(StepFailedError, match=keys[-1]):
        step(parts)


def test_s3_is_not_listed_after_the_share(parts):
    parts.starter.begin("data")

    with pytest.raises(OutOfTimeError):
        step(parts, deadline=NOW)

    assert parts.requests("list_objects_v2") == []


def test_no_state_of_a_step_begins_after_the_deadline(parts):
    parts.starter.begin("data")
    parts.deadline.allow(0)
    parts.journal.clear()

    with pytest.raises(OutOfTimeError, match="out of time before the CheckRun of a reconcile step began"):
        step(parts)

    assert parts.journal == []


# --- loops ---


def test_an_end_whose_totals_cannot_be_created_pauses_and_ends_at_the_deadline(new, longest_pauses):
    """ReadEnd and CreateTotals follow each other as long as other writers cancel the creation."""
    new.starter.begin("data")
    new.tables.tables["ledger"].pop(("data", "totals"))
    cancel(new, matching=creates_totals)
    new.deadline.allow(20)
    new.journal.clear()

    with pytest.raises(OutOfTimeError):
        step(new)

    assert len(new.time.pauses) == len(new.requests("transact_write_items"))
    assert 10 < len(new.time.pauses) < 60
    assert new.time.pauses[:4] == [pause_seconds(attempt) for attempt in (1, 2, 3, 4)]
    assert new.sent() == []


def test_an_end_that_is_always_cancelled_pauses_and_ends_at_the_deadline(parts, longest_pauses):
    parts.starter.begin("data")
    cancel(parts, matching=lambda _: True)
    parts.deadline.allow(20)
    parts.journal.clear()

    with pytest.raises(OutOfTimeError):
        step(parts)

    assert 10 < len(parts.time.pauses) < 60
    assert len(parts.requests("transact_write_items")) == len(parts.time.pauses)


def test_a_move_that_is_always_refused_pauses_and_ends_at_the_deadline(parts, longest_pauses):
    parts.put("a", 1)
    parts.put("b", 1)
    parts.starter.begin("data", 1)
    refuse(parts, "put_item", code="ConditionalCheckFailedException", status=400, service="dynamodb")
    parts.deadline.allow(20)
    parts.journal.clear()

    with pytest.raises(OutOfTimeError):
        step(parts)

    assert 10 < len(parts.time.pauses) < 60
    assert parts.sent() == []


def test_a_bucket_that_was_untracked_during_its_run_is_not_adopted_at_the_end(new):
    new.starter.begin("data")
    new.tables.tables["ledger"].pop(("data", "totals"))
    new._store(Source(since=1, hearing=Hearing.LEAVING).to_item("data"))

    with pytest.raises(NotTrackedError, match="bucket data is not tracked"):
        step(new)

    assert new.totals() is None


def test_totals_that_are_missing_at_the_end_are_created_and_go_live(new):
    new.starter.begin("data")
    new.tables.tables["ledger"].pop(("data", "totals"))

    step(new)

    assert (new.totals().state, len(new.samples())) == (State.LIVE, 1)


def test_a_run_that_has_to_create_the_totals_at_its_end_ends_a_recovery_too(new):
    recovering = Source(since=5, hearing=Hearing.RECOVERING, reason="why", due=NOW, revision=3)
    new.track(source=recovering, totals=None)
    new.starter.begin("data")
    new.tables.tables["ledger"].pop(("data", "totals"))

    step(new)

    assert (new.source().hearing, new.totals().state) == (Hearing.HEARD, State.LIVE)


def test_the_baseline_of_a_bucket_whose_ledger_was_lost_follows_its_samples(new):
    """Its rollups are made of these samples, too, since the ledger knows none of them any more."""
    old = Sample("data", NOW + 30 * SECOND, 7, 1)  # by a clock that was ahead
    new.tables._put({"TableName": "history", "Item": old.to_item()})
    new.put("k", 5)

    new.drain(RECONCILE)

    samples = sorted(map(Sample.from_item, new.samples()), key=lambda sample: sample.time)
    assert [(sample.time, sample.total_size) for sample in samples] == [(old.time, 7), (old.time + 1, 5)]
    assert new.sent()[-1] == (json.loads(RecomputeRollups("data").to_json()), 0)
    assert new.totals().open == opened_by(opened_by((), old.point), samples[1].point)


def test_the_baseline_of_a_new_bucket_needs_no_recomputation(new):
    new.put("k", 5)

    new.drain(RECONCILE)

    (sample,) = map(Sample.from_item, new.samples())
    assert new.totals().open == opened_by((), sample.point)
    assert "recompute-rollups" not in {body["tidemark"] for body, _ in new.sent()}


def test_a_named_bucket_without_totals_at_the_end_gets_its_row_with_them():
    parts = Parts(named={"data"})
    parts.memory_s3.buckets["data"] = {}
    parts.starter.begin("data")
    for key in (("data", "totals"), ("*", "bucket/data")):
        del parts.tables.tables["ledger"][key]
    before = parts.time.now

    step(parts)

    assert before < parts.source().since < parts.time.now


# --- what a run is for ---


def test_the_end_of_a_late_enough_run_makes_a_recovering_bucket_heard(parts):
    recovering = Source(since=5, hearing=Hearing.RECOVERING, reason="why", due=NOW, revision=3)
    parts.track(source=recovering)

    parts.drain(RECONCILE)

    assert (parts.source().hearing, parts.source().revision) == (Hearing.HEARD, 4)


def test_the_end_of_an_earlier_run_does_not(parts):
    recovering = Source(since=5, hearing=Hearing.RECOVERING, reason="why", due=LATER, revision=3)
    parts.track(source=recovering)

    parts.drain(RECONCILE)

    assert parts.source() == recovering
    assert run(parts).ended


def test_every_event_of_an_adopted_bucket_sent_again_changes_nothing(new):
    """A row from a listing knows neither a version nor HEAD's time: compared with them, each key would be overwritten."""
    for number in range(5):
        new.put(f"p/k{number}", number)
    new.drain(RECONCILE)
    totals, samples = new.totals(), new.samples()
    refuse(new, "head_object", code="403", status=403)
    new.put("listed", 3)
    new.handle(event("listed"))
    new.s3.before = lambda *_: None
    after_listed, with_listed = new.totals(), new.samples()

    bodies = [event(key) for key in new.memory_s3.buckets["data"]]
    assert new.handle(*bodies, *bodies) == []
    new.drain(RECONCILE)

    assert (totals.count, after_listed.created) == (5, 1)
    assert len(with_listed) == len(samples) + 1
    assert (new.totals(), new.samples()) == (after_listed, with_listed)


def test_an_object_that_was_listed_and_then_replaced_is_an_overwrite(new):
    new.put("k", 5)
    new.drain(RECONCILE)
    new.put("k", 5, etag="another")

    new.handle(event("k"))

    assert new.totals().overwritten == 1


def test_an_overdue_object_is_one_that_was_modified_a_quarter_of_an_hour_ago():
    """Five receives at a visibility timeout of three minutes each are a quarter of an hour."""
    assert OVERDUE.total_seconds() == 15 * 60


def test_a_run_row_of_version_0_1_is_finished_by_this_version(parts):
    parts.put("a", 1)
    parts.starter.begin("data")
    item = parts.tables.tables["ledger"]["data", "reconcile"]
    for name in ("refused", "missed", "settled", "again"):
        del item[name]

    step(parts)

    assert run_of(parts.tables.tables["ledger"]["data", "reconcile"]).ended
    assert replace(run(parts), ended=None).healed == 1
