"""What `make track` adds to a deployment beside its stacks. It would keep a stack from being deleted."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra_cdk.names import added_rule_prefix
from tidemark.aws.deployment import Deployment
from tidemark.aws.refusals import code_of
from tidemark.errors import CommandError

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_iam import IAMClient

ADDED_POLICY_PREFIX = "track-"
"""Prefix of the names of the inline policies that `make track` gives the tracker's role."""
_GONE = frozenset({"ResourceNotFoundException", "NoSuchEntity"})
"""Lambda's and IAM's codes for a function and a role that do not exist."""


def remove_additions(deployment: Deployment) -> None:
    """Remove them, and print how many there were.

    The buckets keep telling EventBridge, which costs nothing if no rule listens. A half-made deployment, or one that
    lost its tracker, names no role, so its policies stay. Missing permissions raise before anything is removed.
    """
    events: EventBridgeClient = deployment.client("events")
    iam: IAMClient = deployment.client("iam")
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


def _policies(deployment: Deployment, iam: "IAMClient") -> Iterator[tuple[str, str]]:
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
