"""`make reconcile [BUCKET=]`: compares tracked buckets with their listings and heals what differs."""

import time
from typing import Annotated

import typer

from size_history.items import Item, int_of, reconcile_key
from size_history.messages import MAX_PAGE_KEYS, ReconcileRequest
from tidemark.aws.arguments import bucket_of
from tidemark.aws.deployment import Deployment
from tidemark.aws.ledger import tracked_buckets
from tidemark.errors import CommandError, goes_on_by_itself
from tidemark.local.state import DEFAULT
from tidemark.options import State, Target
from tidemark.targets import find_deployment

POLL_SECONDS = 0.5
STALLED_SECONDS = 15 * 60
"""How long the tracker lets a run rest before it starts another."""


def reconcile(deployment: Deployment, bucket: str, *, page_size: int = MAX_PAGE_KEYS) -> None:
    """Ask for a bucket's run, watch it to its end and print what it found. Raises CommandError if it stalls."""
    seen = int_of(_run(deployment, bucket), "revision")
    request_reconcile(deployment, bucket, page_size=page_size)
    with goes_on_by_itself():
        _watch(deployment, bucket, seen)


def request_reconcile(deployment: Deployment, bucket: str, *, page_size: int = MAX_PAGE_KEYS) -> None:
    """Ask the tracker for a bucket's run."""
    message = ReconcileRequest(bucket, page_size).to_json()
    deployment.client("sqs").send_message(QueueUrl=deployment.outputs["QueueUrl"], MessageBody=message)


def _watch(deployment: Deployment, bucket: str, seen: int) -> None:
    since = time.monotonic()
    while True:
        run = _run(deployment, bucket)
        if (revision := int_of(run, "revision")) > seen:
            seen, since = revision, time.monotonic()
            ended = "ended" in run
            checked, healed, drift = (int_of(run, name) for name in ("checked", "healed", "drift"))
            print(
                f"{bucket}: {'ended' if ended else 'goes on'}, {checked:,} keys checked, {healed:,} healed, "
                f"{drift:,} bytes of drift",
                flush=True,
            )
            if ended:
                return
        if time.monotonic() - since > STALLED_SECONDS:
            raise CommandError(
                f"the reconcile of {bucket} has stalled: look into the dead-letter queue and the tracker's log, "
                "then make redrive"
            )
        time.sleep(POLL_SECONDS)


def _run(deployment: Deployment, bucket: str) -> Item:
    """Return the bucket's reconcile row, or an empty one."""
    answer: dict[str, Item] = deployment.client("dynamodb").get_item(
        TableName=deployment.outputs["LedgerTableName"], Key=reconcile_key(bucket), ConsistentRead=True
    )
    return answer.get("Item", {})


def command(
    *,
    target: Target = "local",
    state: State = DEFAULT,
    bucket: Annotated[str, typer.Option(help="One bucket (default: every tracked one).")] = "",
    page_size: Annotated[
        int, typer.Option(min=1, max=MAX_PAGE_KEYS, help="Keys that one step compares.")
    ] = MAX_PAGE_KEYS,
) -> None:
    """Compare tracked buckets with their listings and heal what differs."""
    deployment = find_deployment(target, state)
    if bucket:
        bucket_of(bucket, f"make reconcile TARGET={target} BUCKET=name")
    tracked = tracked_buckets(deployment.client("dynamodb"), deployment.outputs["LedgerTableName"])
    if bucket and bucket not in tracked:
        raise CommandError(f"{bucket} is not tracked: make track BUCKET={bucket}")
    for each in [bucket] if bucket else tracked:
        reconcile(deployment, each, page_size=page_size)
