"""The stacks of a deployment, on AWS or locally: which there are, how they are, and what they hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import yaml
from botocore.exceptions import ClientError

from tidemark.aws.deployment import Deployment

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

WELL = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
"""The statuses of a stack whose last change succeeded."""
REGISTRY = "Tidemark-RegistryStack"
"""The stack of the image repositories, which all targets share."""
GONE = "DELETE_COMPLETE"
VAULT = "AWS::Backup::BackupVault"
STATEFUL = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", VAULT)
"""The types that hold what cannot be made again from the code."""


@dataclass(frozen=True, slots=True)
class StackState:
    """A stack as CloudFormation reports it; `changed` is when it was made or last updated."""

    name: str
    stack_id: str
    status: str
    changed: datetime


@dataclass(frozen=True, slots=True)
class StatefulResource:
    """A resource that holds data: its stack, its logical and physical names, whether it outlives the stack."""

    stack: str
    logical_id: str
    kind: str
    name: str
    retained: bool


def prefix(target: str) -> str:
    """Return how the names of a target's stacks begin."""
    return f"Tidemark-{target}-"


def stacks_of(deployment: Deployment) -> tuple[StackState, ...]:
    """Return the target's stacks that exist, whatever their status, in the order of their names."""
    client: CloudFormationClient = deployment.client("cloudformation")
    found = [
        StackState(
            stack["StackName"],
            stack["StackId"],
            stack["StackStatus"],
            stack.get("LastUpdatedTime", stack["CreationTime"]),
        )
        for page in client.get_paginator("describe_stacks").paginate()
        for stack in page["Stacks"]
        if stack["StackName"].startswith(prefix(deployment.target)) and stack["StackStatus"] != GONE
    ]
    return tuple(sorted(found, key=lambda stack: stack.name))


def stateful_resources(deployment: Deployment, stacks: Sequence[StackState]) -> Iterator[StatefulResource]:
    """Yield what the stacks hold, as their deployed templates say."""
    client: CloudFormationClient = deployment.client("cloudformation")
    for stack in stacks:
        names = dict(_physical_names(client, stack.name))
        for logical_id, resource in _resources(client, stack.name).items():
            if resource["Type"] in STATEFUL and logical_id in names:
                retained = resource.get("DeletionPolicy", "Delete").startswith("Retain")
                yield StatefulResource(stack.name, logical_id, resource["Type"], names[logical_id], retained)


def _physical_names(client: "CloudFormationClient", stack: str) -> Iterator[tuple[str, str]]:
    for page in client.get_paginator("list_stack_resources").paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceStatus"] != GONE and (name := resource.get("PhysicalResourceId")):
                yield resource["LogicalResourceId"], name


def _resources(client: "CloudFormationClient", stack: str) -> Mapping[str, Any]:
    try:
        body = client.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return {}  # a stack that was never made beyond its change set has no template
    # A template comes back as it was sent: the CDK's command line sends YAML where it has no bootstrap.
    template: Any = yaml.safe_load(body) if isinstance(body, str) else body
    resources: Mapping[str, Any] = template.get("Resources", {})
    return resources
