"""What the queues hold, and what is said if one of them does not answer."""

import socket

import boto3
import pytest
from botocore.config import Config

from plotting.queues import REMEMBERED_SECONDS, Backlog, DeadLetterQueue, Depth, Queue, TrackingQueue

SECOND = 1_000_000


class Sqs:
    """Stands in for SQS, which counts roughly and later: here every count is what a test says."""

    def __init__(self, *counts):
        self._counts = list(counts)
        self.requests = 0

    def get_queue_attributes(self, *, AttributeNames, **_):
        self.requests += 1
        waiting, in_flight, delayed = self._counts.pop(0)
        counts = {
            "ApproximateNumberOfMessages": str(waiting),
            "ApproximateNumberOfMessagesNotVisible": str(in_flight),
            "ApproximateNumberOfMessagesDelayed": str(delayed),
        }
        return {"Attributes": {name: counts[name] for name in AttributeNames}}


def tracking_queue(*counts):
    return TrackingQueue(Queue(Sqs(*counts), "url", "tracking queue"))


@pytest.fixture
def out_of_reach():
    """Return a queue at a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    client = boto3.client(
        "sqs",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    return Queue(client, f"{url}/000000000000/tracking", "tracking queue")


def test_a_queue_out_of_reach_is_a_depth_not_known_with_its_reason(caplog, out_of_reach):
    reason = "the tracking queue did not answer: EndpointConnectionError"

    assert out_of_reach.depth() == Depth(None, reason)
    assert TrackingQueue(out_of_reach).backlog(0) == Backlog(None, None, reason)
    assert "Could not connect to the endpoint URL" in caplog.text


def test_what_waits_is_at_most_as_old_as_the_last_sight_of_an_empty_queue():
    queue = tracking_queue((0, 0, 0), (2, 1, 0), (0, 1, 0), (0, 0, 0), (1, 0, 0))

    seen = [queue.backlog(second * SECOND + 1) for second in (10, 12, 15, 20, 20)]

    assert [backlog.waiting for backlog in seen] == [0, 3, 1, 0, 1]
    assert [backlog.age_seconds for backlog in seen] == [0, 2, 5, 0, 1]


def test_the_age_is_not_known_before_the_queue_was_ever_seen_empty():
    assert tracking_queue((0, 1, 0)).backlog(0) == Backlog(1, None)


def test_a_second_reconcile_that_is_delayed_by_ten_minutes_is_not_late():
    assert tracking_queue((0, 0, 1)).backlog(0) == Backlog(0, 0)


def test_dead_letters_are_counted_again_only_after_some_seconds():
    sqs = Sqs((2, 1, 0), (4, 0, 0), (0, 0, 0))
    queue = DeadLetterQueue(Queue(sqs, "url", "dead-letter queue"))
    instants = (0, REMEMBERED_SECONDS * SECOND - 1, REMEMBERED_SECONDS * SECOND)

    assert [queue.depth(now).messages for now in instants] == [3, 3, 4]
    assert sqs.requests == 2


def test_a_clock_that_was_set_back_does_not_keep_an_old_count():
    queue = DeadLetterQueue(Queue(Sqs((2, 0, 0), (1, 0, 0)), "url", "dead-letter queue"))

    assert [queue.depth(now).messages for now in (100 * SECOND, 50 * SECOND)] == [2, 1]


def test_a_dead_letter_queue_that_does_not_answer_is_not_asked_by_every_request(out_of_reach, caplog):
    queue = DeadLetterQueue(out_of_reach)

    depths = [queue.depth(now) for now in (0, SECOND, 2 * SECOND)]

    assert {depth.messages for depth in depths} == {None}
    assert caplog.text.count("did not answer") == 1
