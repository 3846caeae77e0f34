"""What a redrive does to messages, on queues that refuse what SQS refuses."""

import pytest

from tests.unit.tools.operations.stand_ins import StoodIn, refused
from tidemark.errors import CommandError
from tidemark.operate.redrive import redrive

OUTPUTS = {"QueueUrl": "queue", "DlqUrl": "dead-letters", "RuleDlqUrl": "undelivered"}


class Sqs:
    """Three queues by their URLs. SQS moves from `dead-letters` alone, for that is the dead-letter queue of a queue.

    What is received is not seen again until it `reappears`. `full_after` messages, `queue` takes no more.
    """

    def __init__(self, **waiting):
        self.queues = {url: [] for url in OUTPUTS.values()}
        self.hidden = {url: {} for url in OUTPUTS.values()}
        self.full_after = None
        self.stuck = set()
        self.interrupted = False
        self.batches = []
        for name, bodies in waiting.items():
            self.queues[name.replace("_", "-")] = list(bodies)

    def held(self, url):
        """Return every body that a queue holds, seen or not."""
        return sorted([*self.queues[url], *self.hidden[url].values()])

    def reappear(self):
        for url, hidden in self.hidden.items():
            self.queues[url] += hidden.values()
            hidden.clear()

    def get_queue_attributes(self, QueueUrl, AttributeNames):
        found = {
            "QueueArn": f"arn:{QueueUrl}",
            "ApproximateNumberOfMessages": f"{len(self.queues[QueueUrl])}",
        }
        return {"Attributes": {name: found[name] for name in AttributeNames}}

    def start_message_move_task(self, SourceArn, DestinationArn):
        if SourceArn != "arn:dead-letters":
            raise refused("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
        self.queues[DestinationArn.removeprefix("arn:")] += self.queues["dead-letters"]
        self.queues["dead-letters"].clear()

    def list_message_move_tasks(self, SourceArn, MaxResults):
        return {"Results": [{"Status": "COMPLETED"}]}

    def receive_message(self, QueueUrl, MaxNumberOfMessages, WaitTimeSeconds, VisibilityTimeout):
        assert MaxNumberOfMessages <= 10
        assert WaitTimeSeconds
        taken, self.queues[QueueUrl] = (
            self.queues[QueueUrl][:MaxNumberOfMessages],
            self.queues[QueueUrl][MaxNumberOfMessages:],
        )
        handles = {f"{QueueUrl}-{body}": body for body in taken}
        self.hidden[QueueUrl] |= handles
        messages = [{"Body": body, "ReceiptHandle": handle} for handle, body in handles.items()]
        return {"Messages": messages} if messages else {}

    def send_message_batch(self, QueueUrl, Entries):
        self.batches.append(len(Entries))
        room = (
            len(Entries) if self.full_after is None else max(0, self.full_after - len(self.queues[QueueUrl]))
        )
        self.queues[QueueUrl] += [entry["MessageBody"] for entry in Entries[:room]]
        if self.interrupted:
            raise KeyboardInterrupt
        return answer(Entries, refused=Entries[room:])

    def delete_message_batch(self, QueueUrl, Entries):
        hidden = self.hidden[QueueUrl]
        stuck = [entry for entry in Entries if hidden[entry["ReceiptHandle"]] in self.stuck]
        for entry in Entries:
            if entry not in stuck:
                del hidden[entry["ReceiptHandle"]]
        return answer(Entries, refused=stuck)


def answer(entries, *, refused):
    """Return SQS's answer to a batch."""
    return {
        "Successful": [{"Id": entry["Id"]} for entry in entries if entry not in refused],
        "Failed": [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in refused],
    }


def run(sqs):
    redrive(StoodIn({"sqs": sqs}, OUTPUTS))


def events(count):
    return [f"event {number:02}" for number in range(count)]


def test_undelivered_events_come_into_the_queue_unchanged_in_batches_until_none_is_left(capsys):
    sqs = Sqs(undelivered=events(23))

    run(sqs)

    assert (sqs.held("queue"), sqs.held("undelivered"), sqs.batches) == (events(23), [], [10, 10, 3])
    assert capsys.readouterr().out == said(dead_letters=0, undelivered=23)


def test_the_trackers_dead_letters_are_moved_by_sqs(capsys):
    sqs = Sqs(dead_letters=events(12))

    run(sqs)

    assert (sqs.held("queue"), sqs.batches) == (events(12), [])
    assert capsys.readouterr().out == said(dead_letters=12, undelivered=0)


def said(*, dead_letters, undelivered):
    return (
        f"dead letters: {dead_letters} put back into the queue\n"
        f"undelivered events: {undelivered} put back into the queue\n"
    )


def test_what_the_queue_does_not_take_stays_where_it_is_and_moves_the_next_time(capsys):
    sqs = Sqs(undelivered=events(14))
    sqs.full_after = 12

    with pytest.raises(CommandError) as caught:
        run(sqs)

    assert str(caught.value) == (
        "2 events were not taken by the queue (InternalError): nothing is lost, repeat after 30 s"
    )
    assert (sqs.held("queue"), sqs.held("undelivered")) == (events(14)[:12], events(14)[12:])
    assert "undelivered events: 12 put back into the queue\n" in capsys.readouterr().out

    sqs.full_after = None
    sqs.reappear()
    run(sqs)

    assert (sqs.held("queue"), sqs.held("undelivered")) == (events(14), [])


def test_an_interrupted_redrive_loses_nothing_and_says_how_far_it_came(capsys):
    sqs = Sqs(undelivered=events(5))
    sqs.interrupted = True

    with pytest.raises(KeyboardInterrupt):
        run(sqs)

    assert sqs.held("undelivered") == events(5)
    assert capsys.readouterr().out.endswith("undelivered events: 0 put back into the queue\n")


def test_an_event_that_cannot_be_deleted_is_said_and_ends_the_redrive():
    sqs = Sqs(undelivered=events(30))
    sqs.stuck = {"event 03"}

    with pytest.raises(CommandError) as caught:
        run(sqs)

    assert str(caught.value) == (
        "1 events were put back and are also still where they were (InternalError): "
        "nothing is lost, repeat after 30 s"
    )
    assert sqs.held("queue") == events(10)
    assert sqs.held("undelivered") == ["event 03", *events(30)[10:]]


def test_a_queue_that_fills_as_fast_as_it_is_emptied_does_not_keep_it_forever(monkeypatch):
    class Endless(Sqs):
        def delete_message_batch(self, QueueUrl, Entries):
            self.queues[QueueUrl].append(f"another after {len(self.batches)}")
            return super().delete_message_batch(QueueUrl, Entries)

    monkeypatch.setattr("tidemark.operate.redrive.MAX_SECONDS", -1)

    with pytest.raises(CommandError, match="was not empty within"):
        run(Endless(undelivered=events(1)))
