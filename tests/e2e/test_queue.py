"""Messages that fail, functions that die and events that are lost: what the queue does about them."""

import json
import threading
import uuid

import boto3
import pytest

from size_tracking.handler import wire
from size_tracking.settings import Settings
from size_tracking.tracker import Clock
from tests.e2e.disturbances import deployment, kill_tracker, lost_events, make_live, put_all, visibility
from tests.e2e.environment import ON_MINISTACK, Environment, assert_exact
from tests.e2e.tracked_bucket import notifying_bucket, tracked_bucket
from tests.waiting import until
from tidemark.operate.redrive import redrive

pytestmark = pytest.mark.long

VISIBILITY_SECONDS = 180


def event(bucket: str, key: str) -> str:
    return json.dumps({"source": "aws.s3", "detail": {"bucket": {"name": bucket}, "object": {"key": key}}})


def record(bucket: str, key: str) -> dict[str, str]:
    return {"messageId": key, "body": event(bucket, key)}


def in_process(environment: Environment, clock: Clock | None = None):
    """Wire the tracker in this process, as the function does, with the environment's tables and queue."""
    settings = Settings(
        environment.history_table, environment.ledger_table, environment.queue_url, frozenset()
    )
    return wire(settings, boto3.Session(), clock)


def dead_letters(environment: Environment) -> list[dict]:
    answer = environment.client("sqs").receive_message(
        QueueUrl=environment.dlq_url, MaxNumberOfMessages=10, VisibilityTimeout=1
    )
    return answer.get("Messages", [])


def test_a_poison_message_reaches_the_dead_letters_alone_and_its_neighbours_are_committed(environment):
    sqs = environment.client("sqs")
    poison = json.dumps({"source": "aws.s3", "detail": {}, "id": uuid.uuid4().hex})
    with notifying_bucket(environment) as bucket, visibility(environment, 3):
        make_live(environment, bucket)
        names = [f"{number}" for number in range(9)]
        put_all(environment, bucket, dict.fromkeys(names, 7))
        bodies = [*(event(bucket, name) for name in names[:5]), poison]
        bodies += [event(bucket, name) for name in names[5:]]
        entries = [{"Id": f"{number}", "MessageBody": body} for number, body in enumerate(bodies)]

        sqs.send_message_batch(QueueUrl=environment.queue_url, Entries=entries)

        until(lambda: len(environment.rows(bucket)) == len(names), "the neighbours are committed")
        found: list[dict] = []
        until(
            lambda: found.extend(dead_letters(environment)) or found,
            "the poison is a dead letter",
            seconds=60,
        )
        environment.wait_until_quiet()
        try:
            assert [letter["Body"] for letter in found] == [poison]
        finally:
            sqs.delete_message(QueueUrl=environment.dlq_url, ReceiptHandle=found[0]["ReceiptHandle"])
        assert_exact(environment, bucket)


@pytest.mark.skipif(ON_MINISTACK, reason="MiniStack cannot move dead letters back: docs/substrates.md")
def test_a_redrive_drains_the_dead_letters_and_the_bucket_ends_exact(environment, capsys):
    sqs = environment.client("sqs")
    with tracked_bucket(environment) as bucket:
        make_live(environment, bucket)
        before = environment.samples(bucket)
        with lost_events(environment, bucket):
            put_all(environment, bucket, {f"{number}": number for number in range(25)})
        for number in range(25):
            sqs.send_message(QueueUrl=environment.dlq_url, MessageBody=event(bucket, f"{number}"))
        environment.wait_until_quiet()
        assert environment.samples(bucket) == before

        redrive(deployment())
        environment.wait_until_quiet()

        assert assert_exact(environment, bucket).count == 25
        assert "dead letters: 25 put back" in capsys.readouterr().out
        assert dead_letters(environment) == []


def test_a_function_killed_while_it_works_loses_nothing(environment, show):
    with tracked_bucket(environment) as bucket, visibility(environment, 5):
        make_live(environment, bucket)
        killed = 0
        for turn in range(3):  # fewer than the receives that make a dead letter
            writer = threading.Thread(
                target=put_all,
                args=(environment, bucket, {f"{turn}/{number}": number for number in range(60)}),
            )
            writer.start()
            until(
                lambda turn=turn: any(key.startswith(f"{turn}/") for key in environment.rows(bucket)),
                "the tracker works",
            )
            killed += kill_tracker(environment)
            writer.join()
        if not killed:
            pytest.skip("the tracker runs in containers, so this test cannot kill its processes")
        environment.wait_until_quiet()

        truth = assert_exact(environment, bucket)
        show(f"\n  {killed} tracker processes killed while they worked; exact at {truth.count} objects")
        assert truth.count == 180
        assert dead_letters(environment) == []


def test_out_of_time_the_tracker_hands_back_exactly_what_it_did_not_do(environment):
    class Ticking:
        """A clock that advances by a second each time it is read."""

        def __init__(self) -> None:
            self.time = Clock().now()

        def now(self) -> int:
            self.time += 1_000_000
            return self.time

    with notifying_bucket(environment) as bucket:
        make_live(environment, bucket)
        names = [f"{number:03}" for number in range(150)]
        put_all(environment, bucket, dict.fromkeys(names, 1))
        hurried = in_process(environment, Clock(now=Ticking().now, sleep=lambda _: None))

        # Each attempt of a request looks at the clock, so a chunk of 93 keys takes almost two minutes.
        failed = hurried.handle([record(bucket, name) for name in names], remaining_ms=150_000)

        committed = sorted(environment.rows(bucket))
        assert 0 < len(committed) < len(names)
        assert failed == names[len(committed) :]
        assert committed == names[: len(committed)]
        rest = in_process(environment).handle([record(bucket, name) for name in failed], remaining_ms=120_000)
        assert rest == []
        assert_exact(environment, bucket)


def test_a_burst_of_conflicts_sends_no_message_back_so_that_none_grows_old(environment, show):
    """A message that goes back is at least one visibility timeout old when it is committed. None is here."""
    with tracked_bucket(environment) as bucket:
        make_live(environment, bucket)
        names = [f"{number}" for number in range(20)]
        returned: list[str] = []

        def compete(thread: int) -> None:
            tracker = in_process(environment)
            for turn in range(15):
                keys = {names[(thread * 7 + turn + step) % len(names)] for step in range(3)}
                returned.extend(tracker.handle([record(bucket, key) for key in keys], remaining_ms=60_000))

        rivals = [threading.Thread(target=compete, args=(thread,)) for thread in range(3)]
        for rival in rivals:
            rival.start()
        for turn in range(4):
            last_turn = Clock().now()
            put_all(environment, bucket, dict.fromkeys(names, turn))
        for rival in rivals:
            rival.join()
        environment.wait_until_quiet(seconds=VISIBILITY_SECONDS - 30)

        truth = assert_exact(environment, bucket)
        since = [sample for sample in environment.samples(bucket) if sample.time >= last_turn]
        committed = {key: sample.time for sample in since for key in sample.changed_keys}
        oldest = (max(committed.values()) - last_turn) / 1_000_000
        show(
            f"\n  80 changes against 3 rival trackers: exact at {truth.size} bytes, nothing came back; "
            f"the last 20 were committed within {oldest:.1f} s"
        )
        assert set(committed) == set(names)
        assert oldest < VISIBILITY_SECONDS
        assert returned == []
        assert dead_letters(environment) == []
