"""What `make track` adds to a deployment beside its stacks. It would keep a stack from being deleted."""

from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Additions:
    """Rules by name, and the tracker's role (None if it is not found) with the names of its added inline policies."""

    rules: tuple[str, ...]
    role: str | None
    policies: tuple[str, ...]


def find(deployment: Deployment) -> Additions:
    """Return what was added. A half-made deployment, or one that lost its tracker, names no role."""
    pages = deployment.client("events").get_paginator("list_rules")
    prefix = added_rule_prefix(deployment.target)
    rules = tuple(rule["Name"] for page in pages.paginate(NamePrefix=prefix) for rule in page["Rules"])
    try:
        role = role_of_tracker(deployment)
        return Additions(rules, role, tuple(_policies(deployment.client("iam"), role)))
    except CommandError:
        return Additions(rules, None, ())
    except ClientError as error:
        if code_of(error) not in _GONE:
            raise
        return Additions(rules, None, ())


def remove(deployment: Deployment, additions: Additions) -> None:
    """Remove them. The buckets keep telling EventBridge, which costs nothing if no rule listens."""
    events: EventBridgeClient = deployment.client("events")
    for rule in additions.rules:
        pages = events.get_paginator("list_targets_by_rule").paginate(Rule=rule)
        targets = [target["Id"] for page in pages for target in page["Targets"]]
        if targets:
            events.remove_targets(Rule=rule, Ids=targets)
        events.delete_rule(Name=rule)
    if additions.role is None:
        return
    iam: IAMClient = deployment.client("iam")
    for policy in additions.policies:
        iam.delete_role_policy(RoleName=additions.role, PolicyName=policy)


def role_of_tracker(deployment: Deployment) -> str:
    """Return the name of the role of the size-tracking function."""
    name = deployment.outputs["SizeTrackingFunctionName"]
    configuration = deployment.client("lambda").get_function_configuration(FunctionName=name)
    return str(configuration["Role"].rpartition("/")[2])


def _policies(iam: "IAMClient", role: str) -> Iterator[str]:
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
        for name in page["PolicyNames"]:
            if name.startswith(ADDED_POLICY_PREFIX):
                yield name
