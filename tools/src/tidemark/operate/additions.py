"""What `make track` adds beside the stacks for one bucket: a rule, and an inline policy of the tracker's role.

The stacks have both for the data bucket and for every bucket that the settings name.
"""

import json
from collections.abc import Collection, Iterator
from typing import Any

from botocore.exceptions import ClientError

from infra_cdk.names import added_rule, added_rule_prefix, bucket_digest
from size_history.messages import OBJECT_EVENTS
from tidemark.aws.account import caller_of
from tidemark.aws.deployment import Deployment
from tidemark.aws.refusals import code_of
from tidemark.errors import CommandError

INLINE_POLICIES = 10_240
"""Maximum characters of all inline policies of a role, blanks not counted (an AWS limit)."""
MAX_ADDED = 30
"""About as many buckets with names of common length fill that, beside the tracker's own permissions."""
POLICY_PREFIX = "track-"
"""Prefix of the names of the inline policies that `make track` gives the tracker's role."""
_ACTIONS = ("s3:ListBucket", "s3:GetBucketNotification", "s3:GetObject")
_GONE = frozenset({"ResourceNotFoundException", "NoSuchEntity"})
"""Lambda's and IAM's codes for a function and a role that do not exist."""


def policy_of(bucket: str, partition: str = "aws") -> str:
    """Return the policy that lets the tracker read a bucket and see whether the bucket sends its events.

    Each action applies to the bucket or to its objects. One statement for both takes fewer of the role's characters.
    """
    arn = f"arn:{partition}:s3:::{bucket}"
    statement = {"Effect": "Allow", "Action": _ACTIONS, "Resource": (arn, f"{arn}/*")}
    return json.dumps({"Version": "2012-10-17", "Statement": statement}, separators=(",", ":"))


def allow(deployment: Deployment, bucket: str) -> None:
    """Let the tracker read the bucket. Raises CommandError if its role has no room for another policy."""
    role = role_of_tracker(deployment)
    try:
        deployment.client("iam").put_role_policy(
            RoleName=role,
            PolicyName=POLICY_PREFIX + bucket_digest(bucket),
            PolicyDocument=policy_of(bucket, caller_of(deployment).partition),
        )
    except ClientError as error:
        if code_of(error) != "LimitExceeded":
            raise
        raise CommandError(
            f"the tracker's role {role} has no room for {bucket}: IAM allows {INLINE_POLICIES:,} characters of inline "
            f"policies, which about {MAX_ADDED} tracked buckets fill; nothing was changed: track it with another target"
        ) from error


def route(deployment: Deployment, bucket: str) -> None:
    """Send the bucket's events to the queue, whose policy admits rules of this name. This enables a disabled rule."""
    rules = deployment.client("events")
    name = added_rule(deployment.target, bucket)
    pattern = {"source": ["aws.s3"], "detail-type": OBJECT_EVENTS, "detail": {"bucket": {"name": [bucket]}}}
    description = f"Changes of {bucket}"[:512]
    rules.put_rule(Name=name, EventPattern=json.dumps(pattern), State="ENABLED", Description=description)
    put_target(deployment, name)


def routed(deployment: Deployment, rule: str) -> bool:
    """Return whether there is such a rule, enabled and with a target."""
    rules = deployment.client("events")
    try:
        enabled = rules.describe_rule(Name=rule)["State"] != "DISABLED"
        return enabled and bool(rules.list_targets_by_rule(Rule=rule)["Targets"])
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return False


def put_target(deployment: Deployment, rule: str) -> None:
    """Make the tracking queue the target of a rule. Raises CommandError if EventBridge refuses."""
    sqs = deployment.client("sqs")
    queue, undelivered = (
        sqs.get_queue_attributes(QueueUrl=deployment.outputs[output], AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]
        for output in ("QueueUrl", "RuleDlqUrl")
    )
    target = {"Id": "queue", "Arn": queue, "DeadLetterConfig": {"Arn": undelivered}}
    answer = deployment.client("events").put_targets(Rule=rule, Targets=[target])
    if answer["FailedEntryCount"]:
        raise CommandError(f"rule {rule} did not take its target: {answer['FailedEntries']}")


def remove(deployment: Deployment, buckets: Collection[str] | None = None) -> tuple[int, int]:
    """Remove the rules and policies that were added for these buckets (default: for all); return how many of each.

    The buckets keep telling EventBridge, which costs nothing if no rule listens. A half-made deployment, or one that
    lost its tracker, names no role, so its policies stay. Missing permissions raise before anything is removed.
    """
    wanted = None if buckets is None else {bucket_digest(bucket) for bucket in buckets}
    events, iam = deployment.client("events"), deployment.client("iam")
    prefix = added_rule_prefix(deployment.target)
    rules = [
        rule["Name"] for rule in _rules(deployment) if _concerns(wanted, rule["Name"].removeprefix(prefix))
    ]
    policies = [
        (role, name)
        for role, name in _policies(deployment, iam)
        if _concerns(wanted, name.removeprefix(POLICY_PREFIX))
    ]
    for rule in rules:
        listed = events.get_paginator("list_targets_by_rule").paginate(Rule=rule)
        targets = [target["Id"] for page in listed for target in page["Targets"]]
        if targets:
            events.remove_targets(Rule=rule, Ids=targets)
        events.delete_rule(Name=rule)
    for role, policy in policies:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    return len(rules), len(policies)


def added_buckets(deployment: Deployment) -> list[str]:
    """Return the buckets that have an added rule: those that were tracked by hand."""
    patterns = [json.loads(rule["EventPattern"]) for rule in _rules(deployment)]
    return sorted(name for pattern in patterns for name in pattern["detail"]["bucket"]["name"])


def role_of_tracker(deployment: Deployment) -> str:
    """Return the name of the role of the size-tracking function."""
    name = deployment.outputs["SizeTrackingFunctionName"]
    configuration = deployment.client("lambda").get_function_configuration(FunctionName=name)
    return str(configuration["Role"].rpartition("/")[2])


def _concerns(wanted: Collection[str] | None, name: str) -> bool:
    return wanted is None or name in wanted


def _rules(deployment: Deployment) -> Iterator[Any]:
    pages = deployment.client("events").get_paginator("list_rules")
    for page in pages.paginate(NamePrefix=added_rule_prefix(deployment.target)):
        yield from page["Rules"]


def _policies(deployment: Deployment, iam: Any) -> Iterator[tuple[str, str]]:
    """Yield the tracker's role with each added policy."""
    try:
        role = role_of_tracker(deployment)
        for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
            for name in page["PolicyNames"]:
                if name.startswith(POLICY_PREFIX):
                    yield role, name
    except (CommandError, ClientError) as error:
        if isinstance(error, ClientError) and code_of(error) not in _GONE:
            raise
        print(
            "the tracker's role cannot be found: if it still exists, what make track added may keep it from going"
        )
