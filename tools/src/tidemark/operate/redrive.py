"""`make redrive`: puts the messages of the dead-letter queues back into the tracking queue."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tidemark.aws.deployment import Deployment, find_deployment
from tidemark.errors import CommandError, goes_on_by_itself
from tidemark.local.progress import Progress
from tidemark.local.state import DEFAULT
from tidemark.options import State, Target

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

MAX_SECONDS = 15 * 60
BATCH = 10
"""Messages per request (an AWS limit)."""
HIDDEN_SECONDS = 30
"""How long a message that was received, and could not be put back, stays invisible."""


def redrive(deployment: Deployment) -> None:
    """Move the messages of both dead-letter queues. Raises CommandError if a move fails or does not end.

    SQS itself moves messages only from a queue's dead-letter queue, and refuses that of a rule's target
    (StartMessageMoveTask's reference). The undelivered events are therefore moved here, batch by batch.
    """
    sqs: SQSClient = deployment.client("sqs")
    _move_dead_letters(sqs, deployment.outputs["DlqUrl"], deployment.outputs["QueueUrl"])
    _move_undelivered(sqs, deployment.outputs["RuleDlqUrl"], deployment.outputs["QueueUrl"])


def _move_dead_letters(sqs: "SQSClient", url: str, queue: str) -> None:
    waiting = int(_attribute(sqs, url, "ApproximateNumberOfMessages"))
    if waiting:
        source = _attribute(sqs, url, "QueueArn")
        sqs.start_message_move_task(SourceArn=source, DestinationArn=_attribute(sqs, queue, "QueueArn"))
        with goes_on_by_itself():
            Progress().wait(f"the move from {source}", lambda: _unfinished(sqs, source), seconds=MAX_SECONDS)
    print(f"dead letters: {waiting} put back into the queue", flush=True)


def _unfinished(sqs: "SQSClient", source: str) -> str | None:
    """Return how far the last move from a queue is, or None once it is complete. Raises CommandError if it failed."""
    task = sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)["Results"][0]
    if task["Status"] in {"RUNNING", "CANCELLING"}:
        return f"{task.get('ApproximateNumberOfMessagesMoved', 0)} messages moved"
    if task["Status"] != "COMPLETED":
        raise CommandError(f"the move from {source} ended as {task['Status']}: {task.get('FailureReason')}")
    return None


def _move_undelivered(sqs: "SQSClient", url: str, queue: str) -> None:
    moved, deadline = 0, time.monotonic() + MAX_SECONDS
    try:
        while messages := _receive(sqs, url):
            # Their bodies are the events as the rule would have delivered them. A message is deleted only once its copy
            # is in the queue, so an interruption loses none, and one that is in both queues is only processed twice.
            copied, refused = _copy(sqs, queue, messages)
            moved += len(copied)
            undeleted = _delete(sqs, url, copied)
            if refused or undeleted:
                raise CommandError(
                    f"{_refusal(refused, undeleted)}: nothing is lost, repeat after {HIDDEN_SECONDS} s"
                )
            if time.monotonic() > deadline:
                raise CommandError(f"{url} was not empty within {MAX_SECONDS} s: repeat")
    finally:
        print(f"undelivered events: {moved} put back into the queue", flush=True)


def _receive(sqs: "SQSClient", url: str) -> Sequence[Any]:
    # Without a wait SQS asks only some of its servers, and an empty answer would mean little.
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=1, VisibilityTimeout=HIDDEN_SECONDS
    )
    return answer.get("Messages", [])


def _copy(sqs: "SQSClient", queue: str, messages: Sequence[Any]) -> tuple[list[Any], Sequence[Any]]:
    """Send the messages' bodies to the queue; return the messages that it took, and SQS's reasons for the others."""
    answer = sqs.send_message_batch(
        QueueUrl=queue,
        Entries=[{"Id": f"{index}", "MessageBody": each["Body"]} for index, each in enumerate(messages)],
    )
    return [messages[int(sent["Id"])] for sent in answer.get("Successful", [])], answer.get("Failed", [])


def _delete(sqs: "SQSClient", url: str, messages: Sequence[Any]) -> Sequence[Any]:
    """Delete the messages; return SQS's reasons for those that stay."""
    if not messages:
        return []
    handles = [each["ReceiptHandle"] for each in messages]
    answer = sqs.delete_message_batch(
        QueueUrl=url,
        Entries=[{"Id": f"{index}", "ReceiptHandle": handle} for index, handle in enumerate(handles)],
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


def _attribute(sqs: "SQSClient", url: str, name: Any) -> str:
    attributes: Mapping[Any, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])[
        "Attributes"
    ]
    return attributes[name]


def command(*, target: Target = "local", state: State = DEFAULT) -> None:
    """Put the messages of the dead-letter queues back into the queue."""
    redrive(find_deployment(target, state))
