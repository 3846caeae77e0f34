"""What `make track` added to a deployment beside its stacks; it would keep a stack from being deleted."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra_cdk.names import added_rule_prefix
from tidemark.aws.deployment import Deployment
from tidemark.errors import CommandError

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_iam import IAMClient

ADDED_POLICY_PREFIX = "track-"
"""How the names of the inline policies begin that `make track` gives the tracker's role."""
_GONE = frozenset({"ResourceNotFoundException", "NoSuchEntity"})
"""What Lambda and IAM say of a function and a role that are not there."""


@dataclass(frozen=True, slots=True)
class Additions:
    """Rules by name, and the tracker's role with the names of its added inline policies; no role where it is not found."""

    rules: tuple[str, ...]
    role: str | None
    policies: tuple[str, ...]


def find(deployment: Deployment) -> Additions:
    """Return what was added, as far as it is found: a half-made deployment, or one that lost its tracker, names no role."""
    rules = tuple(_rules(deployment))
    try:
        role = _role(deployment)
        return Additions(rules, role, tuple(_policies(deployment.client("iam"), role)))
    except CommandError:
        return Additions(rules, None, ())
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
        return Additions(rules, None, ())


def remove(deployment: Deployment, additions: Additions) -> None:
    """Remove them. The buckets go on telling EventBridge, which costs nothing where no rule listens."""
    events: EventBridgeClient = deployment.client("events")
    for rule in additions.rules:
        targets = [
            target["Id"]
            for page in events.get_paginator("list_targets_by_rule").paginate(Rule=rule)
            for target in page["Targets"]
        ]
        if targets:
            events.remove_targets(Rule=rule, Ids=targets)
        events.delete_rule(Name=rule)
    if additions.role is None:
        return
    iam: IAMClient = deployment.client("iam")
    for policy in additions.policies:
        iam.delete_role_policy(RoleName=additions.role, PolicyName=policy)


def _role(deployment: Deployment) -> str:
    name = deployment.outputs["SizeTrackingFunctionName"]
    configuration = deployment.client("lambda").get_function_configuration(FunctionName=name)
    return str(configuration["Role"].rpartition("/")[2])


def _rules(deployment: Deployment) -> Iterator[str]:
    pages = deployment.client("events").get_paginator("list_rules")
    for page in pages.paginate(NamePrefix=added_rule_prefix(deployment.target)):
        for rule in page["Rules"]:
            yield rule["Name"]


def _policies(iam: "IAMClient", role: str) -> Iterator[str]:
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
        for name in page["PolicyNames"]:
            if name.startswith(ADDED_POLICY_PREFIX):
                yield name
