"""`make redrive`: puts what is in the dead-letter queues back into the tracking queue."""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from infra_cdk.operations.deployment import Deployment, OperationError, operate, parser

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

POLL_SECONDS = 0.5
LONGEST_SECONDS = 15 * 60
_GOING_ON = {"RUNNING", "CANCELLING"}


def redrive(deployment: Deployment) -> None:
    """Move the messages of both dead-letter queues. Raises OperationError if a move fails or does not end."""
    sqs: SQSClient = deployment.client("sqs")
    destination = _arn(sqs, deployment.outputs["QueueUrl"])
    for what, output in (("dead letters", "DlqUrl"), ("undelivered events", "RuleDlqUrl")):
        url = deployment.outputs[output]
        waiting = _waiting(sqs, url)
        if not waiting:
            print(f"{what}: none")
            continue
        # The destination is named, for the queue of undelivered events is no queue's dead-letter queue.
        source = _arn(sqs, url)
        sqs.start_message_move_task(SourceArn=source, DestinationArn=destination)
        _wait(sqs, source)
        print(f"{what}: {waiting} put back into the queue")


def _wait(sqs: "SQSClient", source: str) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        task = sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)["Results"][0]
        if task["Status"] == "COMPLETED":
            return
        if task["Status"] not in _GOING_ON:
            raise OperationError(
                f"the move from {source} ended as {task['Status']}: {task.get('FailureReason')}"
            )
        if time.monotonic() > deadline:
            raise OperationError(f"the move from {source} did not end within {LONGEST_SECONDS} s; it goes on")
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
