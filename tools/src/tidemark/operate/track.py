"""`make track BUCKET=`: tracks an existing bucket, empty or not, and keeps its other notifications.

The command may be repeated: it leaves what is there, and mends what a tracked bucket lacks to be heard. A bucket that is
to stay tracked across deployments belongs in the settings as well.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import typer
from botocore.exceptions import ClientError

from infra_cdk.names import LAMBDA_STACK, added_rule
from size_history.sources import RECOVERY_MICROSECONDS, SECOND_RUN_SECONDS, Hearing, Source
from tidemark.aws import ledger
from tidemark.aws.account import caller_of
from tidemark.aws.arguments import bucket_of
from tidemark.aws.buckets import region_of, sends_events, turn_on_events
from tidemark.aws.deployment import Deployment
from tidemark.aws.refusals import code_of
from tidemark.errors import CommandError
from tidemark.local.state import DEFAULT
from tidemark.operate import additions
from tidemark.operate.reconcile import reconcile, request_reconcile
from tidemark.options import State, Target
from tidemark.targets import find_deployment

RULE = "AWS::Events::Rule"
_ATTEMPTS = 5
"""How often the row is written anew if a check of the watch writes it at the same time."""


class NoBucketError(CommandError):
    """There is no such bucket (yet)."""


def track(deployment: Deployment, bucket: str) -> None:
    """Let the tracker read the bucket, route its events to the queue, then make it tracked, turn on its events, adopt it.

    The stack has the rule and the permissions for the data bucket and for those that the settings name. The bucket is
    changed last, once nothing else can refuse.
    """
    require_here(deployment, bucket)
    row = _row(deployment, bucket)  # refuses a bucket that is being untracked before anything is changed
    rules = stack_rules(deployment)
    rule = rules.get(bucket) or added_rule(deployment.target, bucket)
    if row and not additions.routed(deployment, rule):
        enlist(deployment, bucket, turn_on=False, missed="its rule did not work until make track mended it")
    if bucket not in buckets_of_stacks(deployment):
        additions.allow(deployment, bucket)
    if bucket in rules:
        _mend_rule(deployment, rule)
    else:  # CloudFormation does not make again what somebody else deleted
        additions.route(deployment, bucket)
    remove_needless_additions(deployment, rules)
    enlist(deployment, bucket, turn_on=True)
    print(f"{bucket}: tracked, events on, rule and permissions in place; comparing it with its listing")
    reconcile(deployment, bucket)


def require_here(deployment: Deployment, bucket: str) -> None:
    """Raise CommandError unless the bucket is in the deployment's account and region: events of others never arrive."""
    account, fix = caller_of(deployment).account, "deploy to that account, as its events do not come here"
    region = region_of(deployment.client("s3"), bucket, account=account, fix=fix)
    if region is None:
        raise NoBucketError(f"there is no bucket {bucket} here")
    if region != deployment.region:
        raise CommandError(
            f"bucket {bucket} is in {region}, and its events stay there; this deployment is in {deployment.region}: "
            f"make deploy TARGET={deployment.target} AWS_REGION={region}, then track it there"
        )


def buckets_in_settings(deployment: Deployment) -> tuple[str, ...]:
    """Return the buckets that the settings of the deployed stacks name (`trackedBuckets`)."""
    return tuple(name for name in deployment.outputs.get("TrackedBuckets", "").split(",") if name)


def buckets_of_stacks(deployment: Deployment) -> tuple[str, ...]:
    """Return the buckets for which the stacks have the rule and the permissions."""
    return (deployment.outputs["DataBucketName"], *buckets_in_settings(deployment))


def stack_rules(deployment: Deployment) -> dict[str, str]:
    """Return the buckets whose events the stack's own rules route, each with the rule's name."""
    client, rules = deployment.client("cloudformation"), deployment.client("events")
    found: dict[str, str] = {}
    pages = client.get_paginator("list_stack_resources").paginate(
        StackName=deployment.stack_name(LAMBDA_STACK)
    )
    for resource in (each for page in pages for each in page["StackResourceSummaries"]):
        name = resource.get("PhysicalResourceId")
        if resource["ResourceType"] != RULE or not name:
            continue
        try:
            pattern = json.loads(rules.describe_rule(Name=name).get("EventPattern") or "{}")
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            continue
        found |= dict.fromkeys(pattern.get("detail", {}).get("bucket", {}).get("name", []), name)
    return found


def remove_needless_additions(deployment: Deployment, rules: Collection[str]) -> None:
    """Remove what was added for buckets that the stacks have `rules` for now: else each of their events comes twice."""
    provided = {bucket for bucket in buckets_of_stacks(deployment) if bucket in rules}
    removed, policies = additions.remove(deployment, provided)
    if removed or policies:
        print(f"removed what the stack has now: {removed} added rules, {policies} added policies")


def enlist(deployment: Deployment, bucket: str, *, turn_on: bool, missed: str = "") -> None:
    """Write the row that makes a bucket tracked, unless it is there, then turn on its events if they are to be.

    A bucket whose changes may have been missed until now is recovering; `missed` says why a tracked one's were. Then the delayed reconcile is asked for before
    the row is written, so that no recovery is left without the reconcile that ends it.
    """
    s3, tables, table = (
        deployment.client("s3"),
        deployment.client("dynamodb"),
        deployment.outputs["LedgerTableName"],
    )
    with _notifications_explained(bucket):
        for _ in range(_ATTEMPTS):
            before = _row(deployment, bucket)
            reason = _missed(deployment, bucket, before, missed, turn_on=turn_on)
            if before and not reason:
                break
            now = ledger.now_microseconds()
            after = _recovering(before, reason, now) if reason else Source(since=now)
            if reason:
                request_reconcile(deployment, bucket, delay_seconds=SECOND_RUN_SECONDS)
            if ledger.put_source(tables, table, bucket, after):
                break
        else:
            raise CommandError(f"the row of {bucket} changes all the time: repeat")
        if turn_on:
            turn_on_events(s3, bucket)


def _missed(deployment: Deployment, bucket: str, row: Source | None, reason: str, *, turn_on: bool) -> str:
    """Return why changes of the bucket may be missing in its totals, or nothing."""
    if row is None:
        tables, table = deployment.client("dynamodb"), deployment.outputs["LedgerTableName"]
        return "it is tracked again" if ledger.totals(tables, table, bucket) else ""
    if row.hearing is not Hearing.HEARD:
        return ""
    # The next check of the watch would find all in order, and never know that it was not.
    if turn_on and not reason and not sends_events(deployment.client("s3"), bucket):
        return "its events were off until make track turned them on"
    return reason


def _row(deployment: Deployment, bucket: str) -> Source | None:
    """Return the bucket's row. Raises CommandError if the bucket is being untracked."""
    row = ledger.source(deployment.client("dynamodb"), deployment.outputs["LedgerTableName"], bucket)
    if row and not row.tracked:
        raise CommandError(
            f"bucket {bucket} is being untracked, and a part of its history is deleted: make untrack "
            f"TARGET={deployment.target} BUCKET={bucket} HISTORY=delete ends that, then track it"
        )
    return row


def _recovering(row: Source | None, reason: str, now: int) -> Source:
    base = row or Source(since=now, revision=0)
    return replace(
        base,
        hearing=Hearing.RECOVERING,
        since=now,
        reason=reason,
        due=now + RECOVERY_MICROSECONDS,
        revision=base.revision + 1,
    )


def _mend_rule(deployment: Deployment, rule: str) -> None:
    """Enable a rule of the stack and give it its target if it has none: a deployment does neither."""
    rules = deployment.client("events")
    rules.enable_rule(Name=rule)
    if not rules.list_targets_by_rule(Rule=rule)["Targets"]:
        additions.put_target(deployment, rule)


@contextmanager
def _notifications_explained(bucket: str) -> Iterator[None]:
    """Say what to allow if the credentials may not see or turn on the bucket's events. Raises CommandError."""
    try:
        yield
    except ClientError as error:
        if code_of(error) != "AccessDenied" or "BucketNotification" not in error.operation_name:
            raise
        raise CommandError(
            f"the credentials may not turn on the events of bucket {bucket} ({error.operation_name}): allow "
            "s3:GetBucketNotification and s3:PutBucketNotification"
        ) from error


def command(
    *,
    target: Target = "local",
    state: State = DEFAULT,
    bucket: Annotated[str, typer.Option(help="The bucket's name.")] = "",
) -> None:
    """Track an existing bucket, empty or not."""
    deployment = find_deployment(target, state)
    bucket_of(bucket, f"make track TARGET={target} BUCKET=name")
    if bucket == deployment.outputs["PlotBucketName"]:
        raise CommandError("the plot bucket is not to be tracked: every plot would change what it shows")
    track(deployment, bucket)
