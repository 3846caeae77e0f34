"""`make reconcile [BUCKET=]`: compares tracked buckets with their listings and heals what differs."""

import time
from typing import Annotated, Any

import typer

from size_history.items import Item, int_of, reconcile_key
from size_history.messages import MAX_PAGE_KEYS, ReconcileRequest
from tidemark.aws.arguments import bucket_of
from tidemark.aws.deployment import Deployment, find_deployment
from tidemark.aws.ledger import tracked_buckets
from tidemark.errors import CommandError, goes_on_by_itself
from tidemark.local.state import DEFAULT
from tidemark.options import State, Target

POLL_SECONDS = 0.5
STALLED_SECONDS = 15 * 60
"""How long the tracker lets a run rest before it starts another."""


def reconcile(deployment: Deployment, bucket: str, *, page_size: int = MAX_PAGE_KEYS) -> None:
    """Ask for a bucket's run, watch it to its end and print what it found. Raises CommandError if it stalls."""
    seen = _revision(_run(deployment, bucket))
    deployment.client("sqs").send_message(
        QueueUrl=deployment.outputs["QueueUrl"], MessageBody=ReconcileRequest(bucket, page_size).to_json()
    )
    with goes_on_by_itself():
        _watch(deployment, bucket, seen)


def _watch(deployment: Deployment, bucket: str, seen: int) -> None:
    since = time.monotonic()
    while True:
        run = _run(deployment, bucket)
        if run is not None and _revision(run) > seen:
            seen, since = _revision(run), time.monotonic()
            _tell(bucket, run)
            if "ended" in run:
                return
        if time.monotonic() - since > STALLED_SECONDS:
            raise CommandError(
                f"the reconcile of {bucket} has stalled: look into the dead-letter queue and the tracker's log, "
                "then make redrive"
            )
        time.sleep(POLL_SECONDS)


def _run(deployment: Deployment, bucket: str) -> Item | None:
    answer: dict[str, Any] = deployment.client("dynamodb").get_item(
        TableName=deployment.outputs["LedgerTableName"], Key=reconcile_key(bucket), ConsistentRead=True
    )
    return answer.get("Item")


def _revision(run: Item | None) -> int:
    return int_of(run, "revision") if run else 0


def _tell(bucket: str, run: Item) -> None:
    how_far = "ended" if "ended" in run else "goes on"
    print(
        f"{bucket}: {how_far}, {int_of(run, 'checked'):,} keys checked, {int_of(run, 'healed'):,} healed, "
        f"{int_of(run, 'drift'):,} bytes of drift",
        flush=True,
    )


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
