"""`make track BUCKET=`: tracks an existing bucket, empty or not, and keeps its other notifications.

The command may be repeated: it leaves what is there. A bucket that is to stay tracked across deployments belongs in the
settings as well.
"""

import json
from collections.abc import Iterator
from hashlib import blake2b
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError

from infra_cdk.names import OBJECT_EVENTS, added_rule_prefix
from tidemark.aws.account import caller_of
from tidemark.aws.arguments import bucket_of
from tidemark.aws.buckets import region_of, turn_on_events
from tidemark.aws.deployment import Deployment
from tidemark.aws.refusals import code_of
from tidemark.errors import CommandError
from tidemark.local.state import DEFAULT
from tidemark.operate.reconcile import reconcile
from tidemark.options import State, Target
from tidemark.targets import find_deployment

INLINE_POLICIES = 10_240
"""Maximum characters of all inline policies of a role, blanks not counted (an AWS limit)."""
MAX_ADDED = 35
"""About as many buckets with names of common length fill that, beside the tracker's own permissions."""
_DIGEST_DIGITS = 12
ADDED_POLICY_PREFIX = "track-"
"""Prefix of the names of the inline policies that `make track` gives the tracker's role."""
_GONE = frozenset({"ResourceNotFoundException", "NoSuchEntity"})
"""Lambda's and IAM's codes for a function and a role that do not exist."""


class NoBucketError(CommandError):
    """There is no such bucket (yet)."""


def track(deployment: Deployment, bucket: str) -> None:
    """Let the tracker read the bucket, route its events to the queue, then adopt it.

    The stack has the rule and the permissions for a bucket that the settings name. The bucket is changed last, once
    nothing else can refuse.
    """
    require_here(deployment, bucket)
    if bucket not in buckets_in_settings(deployment):
        _allow(deployment, bucket)
        _route(deployment, bucket)
    allow_events(deployment.client("s3"), bucket)
    print(f"{bucket}: events on, rule and permissions in place; adopting what it holds")
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


def allow_events(s3: Any, bucket: str) -> None:
    """Turn on the bucket's events. Raises CommandError if the credentials may not."""
    try:
        turn_on_events(s3, bucket)
    except ClientError as error:
        if code_of(error) != "AccessDenied":
            raise
        raise CommandError(
            f"the credentials may not turn on the events of bucket {bucket} ({error.operation_name}): allow "
            "s3:GetBucketNotification and s3:PutBucketNotification"
        ) from error


def _allow(deployment: Deployment, bucket: str) -> None:
    """Let the tracker read the bucket, by an inline policy beside those of the stack."""
    role = role_of_tracker(deployment)
    arn = f"arn:{caller_of(deployment).partition}:s3:::{bucket}"
    statements = [
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{arn}/*"},
    ]
    try:
        deployment.client("iam").put_role_policy(
            RoleName=role,
            PolicyName=ADDED_POLICY_PREFIX + _digest(bucket),
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )
    except ClientError as error:
        if code_of(error) != "LimitExceeded":
            raise
        raise CommandError(
            f"the tracker's role {role} has no room for {bucket}: IAM allows {INLINE_POLICIES:,} characters of inline "
            f"policies, which about {MAX_ADDED} tracked buckets fill; nothing was changed: track it with another target"
        ) from error


def _route(deployment: Deployment, bucket: str) -> None:
    """Send the bucket's events to the queue, whose policy admits rules of this name."""
    rules, sqs = deployment.client("events"), deployment.client("sqs")
    rule = added_rule_prefix(deployment.target) + _digest(bucket)
    pattern = {"source": ["aws.s3"], "detail-type": OBJECT_EVENTS, "detail": {"bucket": {"name": [bucket]}}}
    rules.put_rule(Name=rule, EventPattern=json.dumps(pattern), Description=f"Changes of {bucket}"[:512])
    queue, undelivered = (
        sqs.get_queue_attributes(QueueUrl=deployment.outputs[output], AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]
        for output in ("QueueUrl", "RuleDlqUrl")
    )
    target = {"Id": "queue", "Arn": queue, "DeadLetterConfig": {"Arn": undelivered}}
    answer = rules.put_targets(Rule=rule, Targets=[target])
    if answer["FailedEntryCount"]:
        raise CommandError(f"rule {rule} did not take its target: {answer['FailedEntries']}")


def remove_additions(deployment: Deployment) -> None:
    """Remove what `make track` added beside the stacks, which would keep them from being deleted; print how much it was.

    The buckets keep telling EventBridge, which costs nothing if no rule listens. A half-made deployment, or one that
    lost its tracker, names no role, so its policies stay. Missing permissions raise before anything is removed.
    """
    events, iam = deployment.client("events"), deployment.client("iam")
    pages = events.get_paginator("list_rules").paginate(NamePrefix=added_rule_prefix(deployment.target))
    rules = [rule["Name"] for page in pages for rule in page["Rules"]]
    policies = list(_policies(deployment, iam))
    for rule in rules:
        listed = events.get_paginator("list_targets_by_rule").paginate(Rule=rule)
        targets = [target["Id"] for page in listed for target in page["Targets"]]
        if targets:
            events.remove_targets(Rule=rule, Ids=targets)
        events.delete_rule(Name=rule)
    for role, policy in policies:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    if rules or policies:
        print(f"removed what make track added: {len(rules)} rules, {len(policies)} policies")


def role_of_tracker(deployment: Deployment) -> str:
    """Return the name of the role of the size-tracking function."""
    name = deployment.outputs["SizeTrackingFunctionName"]
    configuration = deployment.client("lambda").get_function_configuration(FunctionName=name)
    return str(configuration["Role"].rpartition("/")[2])


def _policies(deployment: Deployment, iam: Any) -> Iterator[tuple[str, str]]:
    """Yield the tracker's role with each added policy."""
    try:
        role = role_of_tracker(deployment)
        for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
            for name in page["PolicyNames"]:
                if name.startswith(ADDED_POLICY_PREFIX):
                    yield role, name
    except (CommandError, ClientError) as error:
        if isinstance(error, ClientError) and code_of(error) not in _GONE:
            raise
        print(
            "the tracker's role cannot be found: if it still exists, what make track added may keep it from going"
        )


def _digest(bucket: str) -> str:
    return blake2b(bucket.encode()).hexdigest()[:_DIGEST_DIGITS]


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
