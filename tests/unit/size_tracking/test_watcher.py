"""Checks of many buckets: the order of their requests, and what keeps one of them from being checked."""

import json
from dataclasses import replace

import pytest

from size_history.deadline import OutOfTimeError
from size_history.messages import MAX_WATCHED, Watch, WatchEveryBucket
from size_history.sources import RECOVERY_MICROSECONDS, SECOND_RUN_SECONDS, Hearing, Source
from size_tracking.tracker import pause_seconds
from size_tracking.watch_plan import Look
from size_tracking.watcher import MAX_CHECKS, CheckFailedError
from tests.unit.size_tracking.parts import LATER, NOW, Parts

DEAF = Source(since=5, hearing=Hearing.DEAF, reason="off", revision=3)
OFF = Look(fault="off")


@pytest.fixture
def parts():
    return Parts()


def metrics_of(capsys, name):
    """Return the values of a metric that were printed: (dimension's value, metric's value)."""
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = [each for each in records if name in each]
    return [(each.get("Bucket") or each.get("Function"), each[name]) for each in found]


@pytest.mark.parametrize(
    ("count", "messages"), [(0, []), (1, [1]), (25, [25]), (26, [25, 1]), (300, [25] * 12)]
)
def test_the_watch_of_every_bucket_is_spread_over_messages(parts, count, messages):
    names = [f"b{number:03}" for number in range(count)]
    for name in names:
        parts.track(name, totals=None)

    parts.watcher.check_every_bucket()

    sent = [body["buckets"] for body, _ in parts.sent()]
    assert [len(buckets) for buckets in sent] == messages
    assert [name for buckets in sent for name in buckets] == names
    assert len(parts.requests("send_message_batch")) == -(-len(messages) // 10)


def test_a_bucket_that_the_settings_name_is_adopted_without_an_event():
    """A pipeline deploys without asking for a reconcile, and a quiet bucket sends no event."""
    parts = Parts(named=("named", "here"))
    parts.track("here")

    parts.watcher.check_every_bucket()

    assert [body.get("buckets", body.get("bucket")) for body, _ in parts.sent()] == [["here"], "named"]


def test_a_bucket_that_is_named_but_has_no_row_is_adopted():
    """A named bucket whose events never arrived would be adopted by none of them."""
    parts = Parts(named={"new", "old", "also"})
    parts.track("old")

    parts.watcher.check_every_bucket()

    request = {"tidemark": "reconcile", "page_size": 1000}
    assert [body for body, _ in parts.sent()] == [
        {"tidemark": "watch", "buckets": ["old"]},
        {**request, "bucket": "also"},
        {**request, "bucket": "new"},
    ]


def test_a_bucket_that_is_being_untracked_is_not_watched(parts):
    parts.track("leaving", Source(since=1, hearing=Hearing.LEAVING))
    parts.track("stays")

    assert parts.handle(WatchEveryBucket().to_json()) == []
    parts.watcher.check(["leaving", "unknown"], deadline=LATER)

    assert [body["buckets"] for body, _ in parts.sent()] == [["stays"]]
    assert parts.path.configurations == 0
    assert parts.source("leaving") == Source(since=1, hearing=Hearing.LEAVING)


def test_a_bucket_that_is_heard_again_gets_its_reconciles_before_its_row_says_so(parts):
    """A check that dies in between leaves the row deaf, so the next one asks again."""
    parts.track(source=DEAF)
    parts.path.on_configuration = lambda: parts.journal.append(("configuration", {}))

    parts.watcher.check(["data"], deadline=LATER)

    order = [operation for operation, _ in parts.journal]
    assert order == ["batch_get_item", "configuration", "send_message", "send_message", "put_item"]
    request = {"tidemark": "reconcile", "bucket": "data", "page_size": 1000}
    assert parts.sent() == [(request, 0), (request, SECOND_RUN_SECONDS)]
    source = parts.source()
    assert (source.hearing, source.revision) == (Hearing.RECOVERING, 4)
    assert NOW + RECOVERY_MICROSECONDS < source.due < NOW + RECOVERY_MICROSECONDS + 100


def test_a_row_is_not_written_if_a_reconcile_could_not_be_sent(parts):
    parts.track(source=DEAF)

    def refuse(operation, _):
        if operation == "send_message":
            raise ConnectionError("SQS is away")

    parts.sqs.before = refuse

    with pytest.raises(CheckFailedError, match="1 buckets could not be checked, data first: SQS is away"):
        parts.watcher.check(["data"], deadline=LATER)

    assert parts.source() == DEAF


def test_what_is_heard_is_judged_at_an_instant_before_the_configuration_was_read(parts):
    parts.track(source=DEAF)
    instants = []

    def take_long():
        instants.append(parts.time.now)
        parts.time.now += 10_000_000

    parts.path.on_configuration = take_long

    parts.watcher.check(["data"], deadline=LATER)

    assert parts.source().checked <= instants[0]


@pytest.mark.parametrize(
    ("source", "look"), [(replace(DEAF, hearing=Hearing.HEARD, reason=""), Look()), (DEAF, OFF)]
)
def test_a_row_is_written_although_the_check_found_nothing_new(parts, source, look):
    parts.track(source=source)
    parts.path.looks = {"data": look}

    parts.watcher.check(["data"], deadline=LATER)

    assert parts.sent() == []
    assert (parts.source().revision, parts.source().since) == (4, 5)


def test_a_bucket_that_fails_does_not_keep_the_others_from_being_checked(parts, capsys):
    for name in ("bad", "deaf", "fine"):
        parts.track(name)
    parts.path.looks = {"bad": RuntimeError("no answer"), "deaf": OFF}

    with pytest.raises(
        CheckFailedError, match="1 buckets could not be checked, bad first: no answer"
    ) as raised:
        parts.watcher.check(["bad", "deaf", "fine"], deadline=LATER)

    assert isinstance(raised.value.__cause__, RuntimeError)
    found = {name: parts.source(name) for name in ("bad", "deaf", "fine")}
    assert {name: each.hearing for name, each in found.items()} == {
        "bad": Hearing.HEARD,
        "deaf": Hearing.DEAF,
        "fine": Hearing.HEARD,
    }
    assert (found["bad"].checked, found["fine"].checked > NOW) == (0, True)


def test_the_metrics_say_which_bucket_is_heard_and_how_many_are_not(parts, capsys, monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "tracker")
    for name in ("fine", "deaf", "gone", "back"):
        parts.track(name, DEAF if name == "back" else None)
    parts.path.looks = {"deaf": OFF, "gone": Look(exists=False)}

    parts.watcher.check(["fine", "deaf", "gone", "back"], deadline=LATER)

    printed = capsys.readouterr().out
    records = [json.loads(line) for line in printed.splitlines()]
    heard = {each["Bucket"]: each["Heard"] for each in records if "Heard" in each}
    unheard = [(each["Function"], each["UnheardBuckets"]) for each in records if "UnheardBuckets" in each]
    assert heard == {"fine": 1, "deaf": 0, "gone": 0, "back": 1}
    assert unheard == [("tracker", 2)]
    told = [each["_aws"] for each in records]
    assert {metric["Unit"] for each in told for metric in each["CloudWatchMetrics"][0]["Metrics"]} == {
        "Count"
    }
    assert {each["Timestamp"] for each in told} == {parts.source("fine").checked // 1000}


def test_a_function_without_a_name_has_a_metric_too(parts, capsys, monkeypatch):
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    parts.track()

    parts.watcher.check(["data"], deadline=LATER)

    assert metrics_of(capsys, "UnheardBuckets") == [("unknown", 0)]


def test_a_change_of_hearing_is_one_line_of_the_log(parts, caplog):
    parts.track()
    parts.path.looks = {"data": OFF}

    parts.watcher.check(["data"], deadline=LATER)
    parts.watcher.check(["data"], deadline=LATER)

    (record,) = caplog.records
    fields = {"bucket": "data", "was": "heard", "is": "deaf", "reason": "off"}
    assert record.getMessage() == f"event path {json.dumps(fields)}"


def moves(parts, times):
    """Let another check write the row just before ours, a number of times."""
    left = [None] * times

    def move(operation, _):
        if operation == "put_item" and left:
            left.pop()
            source = Source.from_item(parts.tables.tables["ledger"][("*", "bucket/data")])
            parts._store(replace(source, revision=source.revision + 1).to_item("data"))

    parts.dynamodb.before = move


def test_a_row_that_moved_is_checked_again_with_a_new_look(parts, capsys):
    parts.track("data")
    parts.track("other")
    moves(parts, 1)

    parts.watcher.check(["data", "other"], deadline=LATER)

    assert parts.path.configurations == 2
    assert len(parts.time.pauses) == 1
    assert parts.source().revision == 3
    assert parts.source("other").revision == 2
    assert [name for name, _ in metrics_of(capsys, "Heard")] == ["other", "data"]


def test_a_bucket_that_failed_is_told_of_although_others_were_checked_again(parts):
    for name in ("bad", "data"):
        parts.track(name)
    parts.path.looks = {"bad": RuntimeError("no answer")}
    moves(parts, 1)

    with pytest.raises(CheckFailedError, match=r"^1 buckets could not be checked, bad first: no answer$"):
        parts.watcher.check(["bad", "data"], deadline=LATER)

    assert parts.source().revision == 3


def test_a_row_that_always_moves_is_given_up_after_a_limited_number_of_checks(parts):
    parts.track()
    moves(parts, 100)

    with pytest.raises(CheckFailedError, match="data first: other checks of it went on all the time"):
        parts.watcher.check(["data"], deadline=LATER)

    assert MAX_CHECKS == 4
    assert parts.path.configurations == MAX_CHECKS
    assert len(parts.time.pauses) == MAX_CHECKS


def test_the_pauses_between_checks_grow(parts, longest_pauses):
    parts.track()
    moves(parts, 100)

    with pytest.raises(CheckFailedError):
        parts.watcher.check(["data"], deadline=LATER)

    assert parts.time.pauses == [pause_seconds(attempt) for attempt in range(1, MAX_CHECKS + 1)]


def test_no_check_begins_after_the_deadline(parts):
    for name in ("one", "two"):
        parts.track(name)
    deadline = NOW + 5_000_000

    def look_slowly(operation, _):
        if operation == "put_item":
            parts.time.now = deadline - 1  # the next look at the clock is at the deadline

    parts.dynamodb.before = look_slowly

    message = "^out of time in a check of event paths: it goes back to the queue$"
    with pytest.raises(OutOfTimeError, match=message):
        parts.watcher.check(["one", "two"], deadline=deadline)

    assert (parts.source("one").revision, parts.source("two").revision) == (2, 1)


def test_a_check_that_could_not_be_made_goes_back_to_the_queue_without_a_trace(parts, caplog):
    parts.track()
    parts.path.looks = {"data": RuntimeError("no answer")}

    assert parts.handle(Watch(("data",)).to_json()) == ["m0"]

    (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert "no answer" in record.getMessage()
    assert not record.exc_info


def test_one_message_costs_one_read_of_the_rows_and_one_of_the_configuration(parts):
    names = [f"b{number:02}" for number in range(MAX_WATCHED)]
    for name in names:
        parts.track(name)

    parts.watcher.check(names, deadline=LATER)

    assert (len(parts.requests("batch_get_item")), parts.path.configurations) == (1, 1)
    assert len(parts.requests("put_item")) == MAX_WATCHED
