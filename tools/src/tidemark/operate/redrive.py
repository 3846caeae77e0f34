"""`make redrive`: puts what is in the dead-letter queues back into the tracking queue."""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tidemark.aws.deployment import Deployment, operate, parser
from tidemark.errors import CommandError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

POLL_SECONDS = 0.5
LONGEST_SECONDS = 15 * 60
BATCH = 10
"""Messages per request (an AWS limit)."""
HIDDEN_SECONDS = 30
"""How long a message that was taken, and could not be put back, is seen by nobody."""
_GOING_ON = {"RUNNING", "CANCELLING"}


def redrive(deployment: Deployment) -> None:
    """Move the messages of both dead-letter queues. Raises CommandError if a move fails or does not end.

    SQS itself moves from a queue's dead-letter queue only, and refuses that of a rule's target (StartMessageMoveTask's
    reference), so the undelivered events are moved one batch after the other here.
    """
    sqs: SQSClient = deployment.client("sqs")
    _move_dead_letters(sqs, deployment.outputs["DlqUrl"], deployment.outputs["QueueUrl"])
    _move_undelivered(sqs, deployment.outputs["RuleDlqUrl"], deployment.outputs["QueueUrl"])


def _move_dead_letters(sqs: "SQSClient", url: str, queue: str) -> None:
    waiting = _waiting(sqs, url)
    if waiting:
        source = _arn(sqs, url)
        sqs.start_message_move_task(SourceArn=source, DestinationArn=_arn(sqs, queue))
        _wait(sqs, source)
    print(f"dead letters: {waiting} put back into the queue", flush=True)


def _move_undelivered(sqs: "SQSClient", url: str, queue: str) -> None:
    moved, deadline = 0, time.monotonic() + LONGEST_SECONDS
    try:
        while messages := _taken(sqs, url):
            # Their bodies are the events as the rule would have delivered them. A message goes only once its copy is in
            # the queue, so whatever stops this, each is in one of both; one that is in both is only looked at twice.
            copied, refused = _copied(sqs, queue, messages)
            moved += len(copied)
            undeleted = _undeleted(sqs, url, copied)
            if refused or undeleted:
                raise CommandError(
                    f"{_refusal(refused, undeleted)}: nothing is lost, repeat after {HIDDEN_SECONDS} s"
                )
            if time.monotonic() > deadline:
                raise CommandError(f"{url} was not empty within {LONGEST_SECONDS} s: repeat")
    finally:
        print(f"undelivered events: {moved} put back into the queue", flush=True)


def _taken(sqs: "SQSClient", url: str) -> Sequence[Any]:
    # Waiting, if only for a second, asks all of SQS's servers; else an answer without messages means little.
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=1, VisibilityTimeout=HIDDEN_SECONDS
    )
    return answer.get("Messages", [])


def _copied(sqs: "SQSClient", queue: str, messages: Sequence[Any]) -> tuple[list[Any], Sequence[Any]]:
    """Send the messages' bodies to the queue; return the messages that it took, and SQS's words on the others."""
    answer = sqs.send_message_batch(
        QueueUrl=queue,
        Entries=[{"Id": f"{index}", "MessageBody": each["Body"]} for index, each in enumerate(messages)],
    )
    return [messages[int(sent["Id"])] for sent in answer.get("Successful", [])], answer.get("Failed", [])


def _undeleted(sqs: "SQSClient", url: str, messages: Sequence[Any]) -> Sequence[Any]:
    """Delete the messages; return SQS's words on those that stay."""
    if not messages:
        return []
    answer = sqs.delete_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": f"{index}", "ReceiptHandle": each["ReceiptHandle"]} for index, each in enumerate(messages)
        ],
    )
    return answer.get("Failed", [])


def _refusal(refused: Sequence[Mapping[str, Any]], undeleted: Sequence[Mapping[str, Any]]) -> str:
    parts = (
        ("were not taken by the queue", refused),
        ("were put back and are also still where they were", undeleted),
    )
    return "; ".join(
        f"{len(entries)} events {what} ({entries[0]['Code']})" for what, entries in parts if entries
    )


def _wait(sqs: "SQSClient", source: str) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        task = sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)["Results"][0]
        if task["Status"] == "COMPLETED":
            return
        if task["Status"] not in _GOING_ON:
            raise CommandError(
                f"the move from {source} ended as {task['Status']}: {task.get('FailureReason')}"
            )
        if time.monotonic() > deadline:
            raise CommandError(f"the move from {source} did not end within {LONGEST_SECONDS} s; it goes on")
        time.sleep(POLL_SECONDS)


def _arn(sqs: "SQSClient", url: str) -> str:
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _waiting(sqs: "SQSClient", url: str) -> int:
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def _operation(deployment: Deployment, _options: argparse.Namespace) -> None:
    redrive(deployment)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    made = parser("redrive", "Put what is in the dead-letter queues back into the tracking queue.")
    return operate(made, arguments, _operation)


if __name__ == "__main__":
    sys.exit(main())
