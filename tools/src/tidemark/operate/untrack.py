"""`make untrack BUCKET=`: stops tracking a bucket that `make track` added, whether it still exists or not.

Its history and its ledger stay, and `make track` goes on with them. With HISTORY=delete both are deleted, row by row; a
command that was stopped goes on when it is repeated. Totals are never deleted alone: with rows of objects left behind,
a later adoption would count those twice.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from typing import Annotated

import typer
from botocore.exceptions import ClientError

from size_history import items
from size_history.sources import Hearing, Source
from tidemark.aws import ledger
from tidemark.aws.arguments import bucket_of
from tidemark.aws.deployment import Deployment
from tidemark.aws.refusals import code_of
from tidemark.errors import CommandError
from tidemark.local.state import DEFAULT
from tidemark.operate import additions
from tidemark.operate.deletion import delete_rows
from tidemark.operate.track import buckets_in_settings
from tidemark.options import State, Target
from tidemark.progress import Progress
from tidemark.targets import find_deployment

CLOCK_SECONDS = 5.0
"""What is added to the tracker's timeout before the first row is deleted."""
_ATTEMPTS = 5
"""How often the row is marked anew if a check of the watch writes it at the same time."""


class History(Enum):
    """What HISTORY= may say."""

    KEEP = "keep"
    DELETE = "delete"


def untrack(deployment: Deployment, bucket: str, history: History, progress: Progress) -> None:
    """Remove the bucket's rule, its policy and its row; with DELETE its history first. Raises CommandError.

    The bucket's own notification configuration stays, because others may listen.
    """
    _refuse(deployment, bucket)
    client, table = deployment.client("dynamodb"), deployment.outputs["LedgerTableName"]
    row = ledger.source(client, table, bucket)
    if row and not row.tracked and history is History.KEEP:
        raise CommandError(
            f"a part of the history of {bucket} is deleted already: make untrack TARGET={deployment.target} "
            f"BUCKET={bucket} HISTORY=delete deletes the rest"
        )
    if history is History.DELETE:
        _mark(deployment, bucket)
    rules, policies = additions.remove(deployment, [bucket])
    if history is History.DELETE:
        _await_tracker(deployment, progress)
        deleted = delete_rows(deployment, bucket, progress)
        print(f"{bucket}: {deleted:,} rows of its history and its ledger deleted")
        _tell_peak(deployment, bucket)
    client.delete_item(TableName=table, Key=items.bucket_key(bucket))
    was = "not tracked any more" if row or rules or policies else "it was not tracked"
    print(f"{bucket}: {was}; {rules} rules and {policies} policies removed")
    for line in _what_stays(deployment, bucket, history):
        print(line)


def _refuse(deployment: Deployment, bucket: str) -> None:
    if bucket == deployment.outputs["DataBucketName"]:
        raise CommandError(
            f"{bucket} is the data bucket, which is always tracked: make destroy TARGET={deployment.target} removes "
            "the deployment"
        )
    if bucket in buckets_in_settings(deployment):
        raise CommandError(
            f"the settings name {bucket}: take it out of trackedBuckets and make deploy TARGET={deployment.target} first"
        )


def _mark(deployment: Deployment, bucket: str) -> None:
    """Mark the bucket as leaving: from now on no message about it is processed, and it cannot be tracked."""
    client, table = deployment.client("dynamodb"), deployment.outputs["LedgerTableName"]
    for _ in range(_ATTEMPTS):
        now = ledger.now_microseconds()
        row = ledger.source(client, table, bucket) or Source(since=now, revision=0)
        if not row.tracked:
            return
        reason = "its history is being deleted"
        leaving = replace(
            row, hearing=Hearing.LEAVING, since=now, reason=reason, due=0, revision=row.revision + 1
        )
        if ledger.put_source(client, table, bucket, leaving):
            return
    raise CommandError(f"the row of {bucket} changes all the time: repeat")


def _await_tracker(deployment: Deployment, progress: Progress) -> None:
    """Wait until no invocation of the tracker is left that may have read the row before it was marked."""
    try:
        function = deployment.outputs["SizeTrackingFunctionName"]
        configuration = deployment.client("lambda").get_function_configuration(FunctionName=function)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return
    until = time.monotonic() + configuration["Timeout"] + CLOCK_SECONDS
    progress.say(f"waiting {configuration['Timeout'] + CLOCK_SECONDS:.0f} s for what the tracker has begun")
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 1.0))


def _tell_peak(deployment: Deployment, bucket: str) -> None:
    """Say that the maximum of all buckets was this one's. It stays, since it was reached."""
    client, table = deployment.client("dynamodb"), deployment.outputs["LedgerTableName"]
    found = client.get_item(TableName=table, Key=items.PEAK_KEY, ConsistentRead=True).get("Item")
    if found and found[items.BUCKET_NAME]["S"] == bucket:
        size = items.Peak.from_item(found).size
        print(f"the maximum of all buckets was its {size:,} bytes; it stays until another bucket is larger")


def _what_stays(deployment: Deployment, bucket: str, history: History) -> Iterator[str]:
    client, table = deployment.client("dynamodb"), deployment.outputs["LedgerTableName"]
    if history is History.KEEP and ledger.totals(client, table, bucket):
        where = f"TARGET={deployment.target} BUCKET={bucket}"
        yield f"its history stays: make track {where} goes on with it, make untrack {where} HISTORY=delete deletes it"
    yield "its own notification configuration is as it was, because others may listen to its events"


def command(
    *,
    target: Target = "local",
    state: State = DEFAULT,
    bucket: Annotated[str, typer.Option(help="The bucket's name.")] = "",
    history: Annotated[
        History, typer.Option(help="What becomes of its history and its ledger.")
    ] = History.KEEP,
) -> None:
    """Stop tracking a bucket; its history stays unless you say otherwise."""
    deployment = find_deployment(target, state)
    bucket_of(bucket, f"make untrack TARGET={target} BUCKET=name")
    untrack(deployment, bucket, history, Progress())
