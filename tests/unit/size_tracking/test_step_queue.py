import json

import pytest

from size_history.messages import ReconcileRequest, WatchEveryBucket
from size_tracking.step_queue import StepQueue, UnsentError


class Queue:
    def __init__(self, *failed):
        self.requests, self.failed = [], list(failed)

    def send_message(self, **request):
        self.requests.append(request)

    def send_message_batch(self, **request):
        self.requests.append(request)
        return {"Failed": self.failed} if self.failed else {}


def test_a_message_is_sent_at_once_or_with_a_delay():
    client = Queue()

    StepQueue(client, "url").send(WatchEveryBucket())
    StepQueue(client, "url").send(WatchEveryBucket(), delay_seconds=600)

    body = WatchEveryBucket().to_json()
    assert client.requests == [
        {"QueueUrl": "url", "MessageBody": body, "DelaySeconds": seconds} for seconds in (0, 600)
    ]


@pytest.mark.parametrize(("count", "batches"), [(0, []), (1, [1]), (10, [10]), (11, [10, 1]), (30, [10] * 3)])
def test_many_messages_are_sent_ten_at_a_time(count, batches):
    client = Queue()

    StepQueue(client, "url").send_all([ReconcileRequest(f"b{number:02}") for number in range(count)])

    assert [len(request["Entries"]) for request in client.requests] == batches
    entries = [entry for request in client.requests for entry in request["Entries"]]
    assert [json.loads(entry["MessageBody"])["bucket"] for entry in entries] == [
        f"b{number:02}" for number in range(count)
    ]
    assert {request["QueueUrl"] for request in client.requests} <= {"url"}
    assert all(
        len({entry["Id"] for entry in each["Entries"]}) == len(each["Entries"]) for each in client.requests
    )


@pytest.mark.parametrize(
    ("failed", "cause"),
    [({"Code": "C", "Message": "too much"}, "too much"), ({"Code": "Throttled"}, "Throttled")],
)
def test_a_message_that_sqs_does_not_take_is_an_error(failed, cause):
    steps = StepQueue(Queue(failed, {"Code": "other"}), "url")

    with pytest.raises(UnsentError, match=f"SQS did not take 2 messages: {cause}"):
        steps.send_all([WatchEveryBucket()])
