"""`make reconcile [BUCKET=]`: compares tracked buckets with their listings and heals what differs."""

import time
from typing import Annotated

import typer

from size_history.items import Item, int_of, reconcile_key
from size_history.messages import MAX_PAGE_KEYS, ReconcileRequest, Watch
from size_history.sources import status_of
from tidemark.aws import ledger
from tidemark.aws.arguments import bucket_of
from tidemark.aws.bucket_checks import checks_of
from tidemark.aws.deployment import Deployment
from tidemark.errors import CommandError, goes_on_by_itself
from tidemark.local.state import DEFAULT
from tidemark.options import State, Target
from tidemark.targets import find_deployment

POLL_SECONDS = 0.5
CHECK_SECONDS = 20.0
"""How long the check of a bucket's event path is waited for; after that the state of the last check is printed."""
STALLED_SECONDS = 15 * 60
"""How long the tracker lets a run rest before it starts another."""


def reconcile(deployment: Deployment, bucket: str, *, page_size: int = MAX_PAGE_KEYS) -> None:
    """Ask for a bucket's run, watch it to its end, print what it found and the bucket's state.

    Raises CommandError if it stalls.
    """
    before = _run(deployment, bucket)
    request_reconcile(deployment, bucket, page_size=page_size)
    with goes_on_by_itself():
        _watch(deployment, bucket, before)
    # Only now: what `make track` has just allowed may take some seconds on AWS, and the run has shown that it counts.
    _await_check(deployment, bucket)
    _say_state(deployment, bucket)


def request_reconcile(
    deployment: Deployment, bucket: str, *, page_size: int = MAX_PAGE_KEYS, delay_seconds: int = 0
) -> None:
    """Ask the tracker for a bucket's run, which begins after a delay."""
    deployment.client("sqs").send_message(
        QueueUrl=deployment.outputs["QueueUrl"],
        MessageBody=ReconcileRequest(bucket, page_size).to_json(),
        DelaySeconds=delay_seconds,
    )


def _watch(deployment: Deployment, bucket: str, before: Item) -> None:
    """Watch until a pass ends that began after the request: one that was going on then may have passed what changed."""
    seen, since = int_of(before, "revision"), time.monotonic()
    while True:
        run = _run(deployment, bucket)
        if (revision := int_of(run, "revision")) > seen:
            seen, since = revision, time.monotonic()
            print(f"{bucket}: {_progress(run)}", flush=True)
            if "ended" in run and int_of(run, "started") != int_of(before, "started"):
                return
        if time.monotonic() - since > STALLED_SECONDS:
            raise CommandError(
                f"the reconcile of {bucket} has stalled: look into the dead-letter queue and the tracker's log, "
                "then make redrive"
            )
        time.sleep(POLL_SECONDS)


def _progress(run: Item) -> str:
    """Return how far a run is. Version 0.1 counted no refused keys."""
    checked, healed, drift, refused = (
        int_of(run, name) for name in ("checked", "healed", "drift", "refused")
    )
    line = (
        f"{'ended' if 'ended' in run else 'goes on'}, {checked:,} keys checked, {healed:,} healed, "
        f"{drift:,} bytes of drift"
    )
    return f"{line}, {refused:,} REFUSED by S3: the tracker's log names them" if refused else line


def _await_check(deployment: Deployment, bucket: str) -> None:
    """Have the bucket's event path checked, and wait for that a little: the last check may be minutes old."""
    client, table = deployment.client("dynamodb"), deployment.outputs["LedgerTableName"]
    before = ledger.source(client, table, bucket)
    if before is None:
        return
    queue = deployment.outputs["QueueUrl"]
    deployment.client("sqs").send_message(QueueUrl=queue, MessageBody=Watch((bucket,)).to_json())
    until = time.monotonic() + CHECK_SECONDS
    while time.monotonic() < until:
        row = ledger.source(client, table, bucket)
        if row is None or row.checked > before.checked:
            return
        time.sleep(POLL_SECONDS)


def _say_state(deployment: Deployment, bucket: str) -> None:
    client, table = deployment.client("dynamodb"), deployment.outputs["LedgerTableName"]
    row = ledger.source(client, table, bucket)
    if row is None:
        print(f"{bucket}: it is not tracked any more")
        return
    found = ledger.totals(client, table, bucket)
    status = status_of(found, row, ledger.now_microseconds())
    for check in checks_of({bucket: ledger.Tracked(row, status)}, deployment.target):
        print(f"{bucket}: live" if check.well else f"{check.text}\n  fix: {check.fix}")


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
    tracked = ledger.tracked_buckets(deployment.client("dynamodb"), deployment.outputs["LedgerTableName"])
    if bucket and bucket not in tracked:
        raise CommandError(f"{bucket} is not tracked: make track BUCKET={bucket}")
    for each in [bucket] if bucket else tracked:
        reconcile(deployment, each, page_size=page_size)
