"""`make reconcile [BUCKET=]`: compares tracked buckets with their listings, heals what differs, says what it found."""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

from size_history import items, keys
from size_history.items import Item, int_of
from size_history.messages import MAX_PAGE_KEYS, ReconcileRequest
from tidemark.aws.arguments import bucket_of
from tidemark.aws.deployment import Deployment, operate, parser
from tidemark.errors import CommandError

POLL_SECONDS = 0.5
STALLED_SECONDS = 15 * 60
"""As long as the tracker lets a run rest before it starts another."""


def reconcile(deployment: Deployment, bucket: str, *, page_size: int = MAX_PAGE_KEYS) -> None:
    """Ask for a bucket's run, watch it to its end and print what it found. Raises CommandError if it stalls."""
    before = _revision(_run(deployment, bucket))
    request = ReconcileRequest(bucket, page_size)
    deployment.client("sqs").send_message(
        QueueUrl=deployment.outputs["QueueUrl"], MessageBody=request.to_json()
    )
    seen, since = before, time.monotonic()
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


def tracked_buckets(deployment: Deployment) -> list[str]:
    """Return the names of all tracked buckets."""
    pages = (
        deployment.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=deployment.outputs["LedgerTableName"],
            KeyConditionExpression="pk = :every AND begins_with(sk, :bucket)",
            ExpressionAttributeValues={
                ":every": items.text(keys.EVERY_BUCKET),
                ":bucket": items.text(keys.BUCKET_ROW),
            },
        )
    )
    return [item[keys.SK]["S"].removeprefix(keys.BUCKET_ROW) for page in pages for item in page["Items"]]


def _run(deployment: Deployment, bucket: str) -> Item | None:
    answer: dict[str, Any] = deployment.client("dynamodb").get_item(
        TableName=deployment.outputs["LedgerTableName"], Key=items.reconcile_key(bucket), ConsistentRead=True
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


def _operation(deployment: Deployment, options: argparse.Namespace) -> None:
    if options.bucket:
        bucket_of(options.bucket, f"make reconcile TARGET={deployment.target} BUCKET=name")
    buckets = [options.bucket] if options.bucket else tracked_buckets(deployment)
    for bucket in buckets:
        if options.bucket and bucket not in tracked_buckets(deployment):
            raise CommandError(f"{bucket} is not tracked: make track BUCKET={bucket}")
        reconcile(deployment, bucket, page_size=options.page_size)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    made = parser("reconcile", "Compare tracked buckets with their listings and heal what differs.")
    made.add_argument("--bucket", help="one bucket (default: every tracked one)")
    made.add_argument(
        "--page-size", type=int, default=MAX_PAGE_KEYS, choices=range(1, MAX_PAGE_KEYS + 1), metavar="KEYS"
    )
    return operate(made, arguments, _operation)


if __name__ == "__main__":
    sys.exit(main())
