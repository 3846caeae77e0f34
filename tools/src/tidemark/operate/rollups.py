"""`make rollups BUCKET=`: makes the rollups of a bucket anew from its samples."""

import time
from typing import Annotated

import typer

from size_history.items import Recomputed, recomputed_key
from size_history.messages import RecomputeRollups
from tidemark.aws import ledger
from tidemark.aws.arguments import bucket_of
from tidemark.aws.deployment import Deployment
from tidemark.errors import CommandError, goes_on_by_itself
from tidemark.local.state import DEFAULT
from tidemark.options import State, Target
from tidemark.targets import find_deployment

POLL_SECONDS = 0.5
STALLED_SECONDS = 6 * 3600
"""How long the end is waited for. A hundred million samples take some hours."""
RUNNING_STEP_SECONDS = 60
"""How long a request waits for messages that have read samples before it: twice the tracker's timeout."""


def recompute(deployment: Deployment, bucket: str) -> None:
    """Have all rollups of a bucket made anew, wait for the end, and print how many were wrong. Raises CommandError."""
    client, table = deployment.client("dynamodb"), deployment.outputs["LedgerTableName"]
    found = ledger.totals(client, table, bucket)
    if found is None or not found.last_time:
        raise CommandError(
            f"{bucket} has no samples yet: make reconcile TARGET={deployment.target} BUCKET={bucket}"
        )
    asked = ledger.now_microseconds()
    _send(deployment, RecomputeRollups(bucket, 0, asked=asked))
    with goes_on_by_itself():
        done = _await(deployment, bucket, asked)
    print(f"{bucket}: all rollups are those of its samples; {done.differing:,} were wrong or missing")


def request_rollups(deployment: Deployment) -> list[str]:
    """Ask for the check of every tracked bucket's rollups, and return the buckets.

    It makes those since yesterday anew, and all of them if version 0.1 wrote the bucket last.
    """
    buckets = _tracked(deployment)
    for bucket in buckets:
        _send(deployment, RecomputeRollups(bucket))
    return buckets


def request_restored_rollups(deployment: Deployment) -> list[str]:
    """Ask for all rollups of every tracked bucket to be made anew, now that samples have come back; return the buckets.

    The requests wait until no message is under way any more that has read the samples before.
    """
    buckets = _tracked(deployment)
    for bucket in buckets:
        _send(deployment, RecomputeRollups(bucket, 0, gaps=True), delay_seconds=RUNNING_STEP_SECONDS)
    return buckets


def _tracked(deployment: Deployment) -> list[str]:
    return ledger.tracked_buckets(deployment.client("dynamodb"), deployment.outputs["LedgerTableName"])


def _send(deployment: Deployment, message: RecomputeRollups, *, delay_seconds: int = 0) -> None:
    deployment.client("sqs").send_message(
        QueueUrl=deployment.outputs["QueueUrl"], MessageBody=message.to_json(), DelaySeconds=delay_seconds
    )


def _await(deployment: Deployment, bucket: str, asked: int) -> Recomputed:
    client, table = deployment.client("dynamodb"), deployment.outputs["LedgerTableName"]
    until = time.monotonic() + STALLED_SECONDS
    while time.monotonic() < until:
        item = client.get_item(TableName=table, Key=recomputed_key(bucket), ConsistentRead=True).get("Item")
        if item and (row := Recomputed.from_item(item)).asked >= asked:
            return row
        time.sleep(POLL_SECONDS)
    raise CommandError(
        f"the rollups of {bucket} are not made yet: look into the dead-letter queue and the tracker's log, "
        "then make redrive"
    )


def command(
    *,
    target: Target = "local",
    state: State = DEFAULT,
    bucket: Annotated[str, typer.Option(help="The bucket's name.")] = "",
) -> None:
    """Make the rollups of a bucket anew from its samples."""
    deployment = find_deployment(target, state)
    bucket_of(bucket, f"make rollups TARGET={target} BUCKET=name")
    if bucket not in _tracked(deployment):
        raise CommandError(f"{bucket} is not tracked: make track BUCKET={bucket}")
    recompute(deployment, bucket)
