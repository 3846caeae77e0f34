"""`make redrive`: puts the messages of the dead-letter queues back into the tracking queue."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tidemark.aws.deployment import Deployment
from tidemark.errors import CommandError, goes_on_by_itself
from tidemark.local.state import DEFAULT
from tidemark.options import State, Target
from tidemark.progress import Progress
from tidemark.targets import find_deployment

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
            bodies = [{"MessageBody": each["Body"]} for each in messages]
            copied, refused = _batch(sqs.send_message_batch, queue, bodies)
            moved += len(copied)
            handles = [{"ReceiptHandle": messages[index]["ReceiptHandle"]} for index in copied]
            _, undeleted = _batch(sqs.delete_message_batch, url, handles)
            unmoved = {
                "were not taken by the queue": refused,
                "were put back and are also still where they were": undeleted,
            }
            if refused or undeleted:
                why = (
                    f"{len(each)} events {what} ({each[0]['Code']})" for what, each in unmoved.items() if each
                )
                raise CommandError(f"{'; '.join(why)}: nothing is lost, repeat after {HIDDEN_SECONDS} s")
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


def _batch(call: Callable[..., Any], url: str, entries: Sequence[Any]) -> tuple[list[int], Sequence[Any]]:
    """Return the indices of the entries that SQS accepted, and its answers for the others."""
    if not entries:
        return [], []
    answer = call(QueueUrl=url, Entries=[{"Id": f"{index}", **entry} for index, entry in enumerate(entries)])
    return [int(each["Id"]) for each in answer.get("Successful", [])], answer.get("Failed", [])


def _attribute(sqs: "SQSClient", url: str, name: Any) -> str:
    attributes: Any = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
    return str(attributes[name])


def command(*, target: Target = "local", state: State = DEFAULT) -> None:
    """Put the messages of the dead-letter queues back into the queue."""
    redrive(find_deployment(target, state))
