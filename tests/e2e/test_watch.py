"""A bucket that is not heard is said not to be, and heals by itself once it is heard again; nothing is tracked by accident."""

import json
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from infra_cdk.names import added_rule
from size_history import items
from size_history.messages import ReconcileRequest, WatchEveryBucket
from tests.e2e.disturbances import deployment, make_live
from tests.e2e.environment import Environment, Weight, assert_exact
from tests.e2e.tracked_bucket import new_bucket, tracked_bucket
from tests.waiting import until
from tidemark.aws.bucket_checks import ABOUT
from tidemark.aws.buckets import empty_bucket, turn_on_events
from tidemark.checks import Check, Verdict
from tidemark.deliver.validate import validate
from tidemark.local import health
from tidemark.operate.track import track
from tidemark.operate.untrack import History, untrack
from tidemark.progress import Progress

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

WATCH_SECONDS = 60
"""How often the local target checks every bucket."""
ANSWER_SECONDS = 20
"""How long a check and its answer may take beside other tests."""


@dataclass(frozen=True)
class State:
    """What the API says of a bucket."""

    state: str
    since: str | None
    reason: str | None


def state_of(environment: Environment, bucket: str) -> State:
    answer = environment.call("GET", "size", params={"bucket": bucket})
    found = answer.json()
    return State(found["state"], found["state_since"], found["state_reason"])


def listed(environment: Environment) -> set[str]:
    """Return the names of the buckets that `/buckets` lists."""
    names, cursor = set(), None
    while True:
        answer = environment.call("GET", "buckets", params={"cursor": cursor}).json()
        names |= {row["bucket"] for row in answer["buckets"]}
        if not (cursor := answer.get("next")):
            return names


def becomes(environment: Environment, bucket: str, state: str, *, seconds: float) -> State:
    """Wait until the API says that a bucket is in a state, and return all that it says."""
    return until(
        lambda: (found := state_of(environment, bucket)).state == state and found,
        lambda: f"{bucket} is {state}; it is {state_of(environment, bucket)}",
        seconds=seconds,
        pause=0.5,
    )


def check_now(environment: Environment) -> None:
    """Have every bucket checked without waiting for the schedule."""
    environment.client("sqs").send_message(
        QueueUrl=environment.queue_url, MessageBody=WatchEveryBucket().to_json()
    )


def switch(environment: Environment, bucket: str, *, on: bool) -> None:
    configuration = {"EventBridgeConfiguration": {}} if on else {}
    environment.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=configuration
    )


def delayed(environment: Environment) -> int:
    """Return how many messages of the tracking queue wait for their delay to end."""
    name = "ApproximateNumberOfMessagesDelayed"
    answer = environment.client("sqs").get_queue_attributes(
        QueueUrl=environment.queue_url, AttributeNames=[name]
    )
    return int(answer["Attributes"][name])


def let_the_recovery_be_due(environment: Environment, bucket: str) -> None:
    """Do what ten minutes would: a reconcile that begins when the recovery is due. (By hand, live came after 658 s.)"""
    environment.client("dynamodb").update_item(
        TableName=environment.ledger_table,
        Key=items.bucket_key(bucket),
        UpdateExpression="SET due = :now",
        ExpressionAttributeValues={":now": items.number(time.time_ns() // 1000)},
    )
    environment.client("sqs").send_message(
        QueueUrl=environment.queue_url, MessageBody=ReconcileRequest(bucket).to_json()
    )


def of_commands(environment: Environment, bucket: str) -> dict[str, Check | None]:
    """Return what `status` and `doctor`, and `validate`, say of a bucket; None if they say nothing of it."""
    local = health.buckets(
        os.environ["AWS_ENDPOINT_URL"], {"TIDEMARK_LEDGER_TABLE": environment.ledger_table}
    )
    validated = [check for check in validate(deployment()) if check.about == ABOUT]
    return {
        command: next((check for check in checks if check.text.startswith(f"{bucket} ")), None)
        for command, checks in (("status and doctor", local), ("validate", validated))
    }


def test_case_1_a_bucket_whose_events_are_off_is_deaf_for_every_reader_and_heals_by_itself(environment, show):
    s3 = environment.client("s3")
    with tracked_bucket(environment) as bucket:
        make_live(environment, bucket)
        s3.put_object(Bucket=bucket, Key="seen", Body=b"x" * 10)
        environment.wait_until_quiet()
        becomes(environment, bucket, "live", seconds=ANSWER_SECONDS)

        switch(environment, bucket, on=False)
        off = time.monotonic()
        s3.put_object(Bucket=bucket, Key="unseen", Body=b"x" * 5000)
        deaf = becomes(environment, bucket, "deaf", seconds=WATCH_SECONDS + ANSWER_SECONDS)
        until_deaf = time.monotonic() - off
        said = of_commands(environment, bucket)
        assert "EventBridge" in deaf.reason
        assert f"make track BUCKET={bucket}" in deaf.reason
        assert deaf.since is not None
        for command, check in said.items():
            assert check is not None, command
            assert check.verdict is Verdict.FAIL
            assert deaf.reason in check.text
            assert f"BUCKET={bucket}" in check.fix
        assert environment.totals(bucket).size == 10, "nobody has asked for a reconcile"

        switch(environment, bucket, on=True)
        on = time.monotonic()
        becomes(environment, bucket, "recovering", seconds=WATCH_SECONDS + ANSWER_SECONDS)
        until_recovering = time.monotonic() - on
        until(
            lambda: environment.totals(bucket).size == 5010, "the first reconcile has healed it", seconds=60
        )
        until_healed = time.monotonic() - on
        recovering = of_commands(environment, bucket)
        assert {check.verdict for check in recovering.values()} == {Verdict.WARN}
        assert delayed(environment) >= 1, "the second reconcile is on its way"
        let_the_recovery_be_due(environment, bucket)
        becomes(environment, bucket, "live", seconds=WATCH_SECONDS + ANSWER_SECONDS)
        assert assert_exact(environment, bucket) == Weight(5010, 2)
        assert of_commands(environment, bucket) == dict.fromkeys(recovering, None)
        show(
            f"\n  events off: every reader says deaf after {until_deaf:.0f} s; on again: recovering after "
            f"{until_recovering:.0f} s, exact after {until_healed:.0f} s"
        )


def test_case_2_an_event_that_names_a_bucket_that_never_was_is_acknowledged_and_adopts_nothing(environment):
    bucket = f"never-was-{uuid.uuid4().hex[:8]}"
    event = {"source": "aws.s3", "detail": {"bucket": {"name": bucket}, "object": {"key": "k"}}}
    request = {"tidemark": "reconcile", "bucket": bucket}
    sqs = environment.client("sqs")
    letters = dead_letters(environment)

    for body in (event, request):
        sqs.send_message(QueueUrl=environment.queue_url, MessageBody=json.dumps(body))
    environment.wait_until_quiet()

    assert dead_letters(environment) == letters
    assert bucket not in listed(environment)
    assert environment.totals(bucket) is None
    assert environment.reconcile(bucket) == {}
    assert environment.rows(bucket) == {}
    assert environment.samples(bucket) == []


def dead_letters(environment: Environment) -> str:
    name = "ApproximateNumberOfMessages"
    answer = environment.client("sqs").get_queue_attributes(
        QueueUrl=environment.dlq_url, AttributeNames=[name]
    )
    return answer["Attributes"][name]


def test_an_existing_bucket_that_nobody_tracks_is_not_adopted_by_an_event(environment):
    with new_bucket(environment) as bucket:
        environment.client("s3").put_object(Bucket=bucket, Key="k", Body=b"123")
        event = {"source": "aws.s3", "detail": {"bucket": {"name": bucket}, "object": {"key": "k"}}}
        environment.client("sqs").send_message(QueueUrl=environment.queue_url, MessageBody=json.dumps(event))
        environment.wait_until_quiet()

        assert environment.totals(bucket) is None
        assert bucket not in listed(environment)


def test_case_3_a_deleted_bucket_is_gone_and_one_made_anew_is_tracked_again_by_one_command(environment, show):
    s3 = environment.client("s3")
    with tracked_bucket(environment) as bucket:
        make_live(environment, bucket)
        s3.put_object(Bucket=bucket, Key="old", Body=b"x" * 70)
        environment.wait_until_quiet()
        check_now(environment)  # which learns when the bucket was made
        environment.wait_until_quiet()
        empty_bucket(s3, bucket)
        s3.delete_bucket(Bucket=bucket)

        check_now(environment)
        gone = becomes(environment, bucket, "gone", seconds=ANSWER_SECONDS)
        for check in of_commands(environment, bucket).values():
            assert check.verdict is Verdict.FAIL
            assert f"make untrack TARGET=local BUCKET={bucket}" in check.fix
        time.sleep(1)  # S3's creation dates are of whole seconds
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="new", Body=b"x" * 5000)
        check_now(environment)
        deaf = becomes(environment, bucket, "deaf", seconds=ANSWER_SECONDS)
        track(deployment(), bucket)
        check_now(environment)
        recovering = becomes(environment, bucket, "recovering", seconds=ANSWER_SECONDS)

        assert "does not exist" in gone.reason
        assert "EventBridge" in deaf.reason
        environment.wait_until_quiet()
        assert assert_exact(environment, bucket) == Weight(5000, 1)
        show(f"\n  deleted: {gone.reason}; made anew: {deaf.reason}; tracked: {recovering.reason}")


def test_a_bucket_made_anew_between_two_checks_with_its_events_on_is_noticed_by_its_creation_date(
    environment,
):
    s3 = environment.client("s3")
    with tracked_bucket(environment) as bucket:
        make_live(environment, bucket)
        check_now(environment)
        environment.wait_until_quiet()
        time.sleep(1.1)
        s3.delete_bucket(Bucket=bucket)
        s3.create_bucket(Bucket=bucket)
        turn_on_events(s3, bucket)

        check_now(environment)

        assert "made anew" in becomes(environment, bucket, "recovering", seconds=ANSWER_SECONDS).reason


def disable(events, rule: str) -> None:
    events.disable_rule(Name=rule)


def remove_target(events, rule: str) -> None:
    events.remove_targets(Rule=rule, Ids=["queue"])


def delete(events, rule: str) -> None:
    events.remove_targets(Rule=rule, Ids=["queue"])
    events.delete_rule(Name=rule)


@pytest.mark.parametrize(
    ("break_", "reason"),
    [(disable, "is disabled"), (remove_target, "no rule sends"), (delete, "no rule sends")],
)
def test_a_rule_that_is_disabled_or_lost_makes_the_bucket_deaf_and_track_mends_it(
    environment, break_: Callable[..., None], reason: str
):
    with tracked_bucket(environment) as bucket:
        make_live(environment, bucket)
        break_(environment.client("events"), added_rule("local", bucket))

        check_now(environment)
        deaf = becomes(environment, bucket, "deaf", seconds=ANSWER_SECONDS)
        environment.client("s3").put_object(Bucket=bucket, Key="unseen", Body=b"x" * 33)
        track(deployment(), bucket)
        check_now(environment)
        becomes(environment, bucket, "recovering", seconds=ANSWER_SECONDS)

        assert reason in deaf.reason
        environment.wait_until_quiet()
        assert assert_exact(environment, bucket) == Weight(33, 1)
        environment.client("s3").put_object(Bucket=bucket, Key="seen", Body=b"x" * 44)
        until(lambda: environment.totals(bucket).size == 77, "its events arrive again")


def test_an_untracked_bucket_is_not_listed_not_followed_and_goes_on_when_it_is_tracked_again(environment):
    s3 = environment.client("s3")
    with new_bucket(environment) as bucket:
        s3.put_object(Bucket=bucket, Key="one", Body=b"x" * 10)
        track(deployment(), bucket)
        before = environment.samples(bucket)

        untrack(deployment(), bucket, History.KEEP, Progress())
        s3.put_object(Bucket=bucket, Key="two", Body=b"x" * 20)
        environment.wait_until_quiet()

        assert bucket not in listed(environment)
        assert environment.samples(bucket) == before
        track(deployment(), bucket)
        assert state_of(environment, bucket).state == "recovering"
        environment.wait_until_quiet()
        assert assert_exact(environment, bucket) == Weight(30, 2)
        assert environment.samples(bucket)[: len(before)] == before


def test_a_history_that_is_deleted_while_events_arrive_leaves_nothing_behind(environment):
    s3 = environment.client("s3")
    with new_bucket(environment) as bucket:
        track(deployment(), bucket)
        for number in range(40):
            s3.put_object(Bucket=bucket, Key=f"{number % 3}/{number}", Body=b"x" * number)

        untrack(deployment(), bucket, History.DELETE, Progress())
        environment.wait_until_quiet()

        assert environment.samples(bucket) == []
        assert environment.rows(bucket) == {}
        assert environment.prefixes(bucket) == {}
        assert environment.totals(bucket) is None
        assert environment.reconcile(bucket) == {}
        track(deployment(), bucket)
        assert state_of(environment, bucket).state == "live"
        environment.wait_until_quiet()
        assert assert_exact(environment, bucket).count == 40
