"""A deployment's stacks, on AWS or locally: their names, their status and what they hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import yaml
from botocore.exceptions import ClientError

from tidemark.aws.refusals import code_of

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackTypeDef

WELL = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
"""The statuses of a stack whose last change succeeded."""
GONE = "DELETE_COMPLETE"
BUCKET = "AWS::S3::Bucket"
TABLE = "AWS::DynamoDB::Table"
VAULT = "AWS::Backup::BackupVault"
STATEFUL = (BUCKET, TABLE, VAULT)
"""The types of resources whose content cannot be made again from the code."""


@dataclass(frozen=True, slots=True)
class StackState:
    """A stack as CloudFormation reports it; `changed` is when it was made or last updated."""

    name: str
    status: str
    changed: datetime


@dataclass(frozen=True, slots=True)
class StatefulResource:
    """A resource that holds data: its type, its physical name, whether it outlives the stack."""

    kind: str
    name: str
    retained: bool


def described(client: "CloudFormationClient", name: str) -> "StackTypeDef | None":
    """Return what CloudFormation says of a stack, or None if there is no such stack."""
    try:
        return client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if code_of(error) != "ValidationError":
            raise
        return None


def stateful_resources(
    client: "CloudFormationClient", stacks: Sequence[StackState]
) -> Iterator[StatefulResource]:
    """Yield the resources with data that the deployed templates of the stacks declare."""
    for stack in stacks:
        pages = client.get_paginator("list_stack_resources").paginate(StackName=stack.name)
        names = {
            listed["LogicalResourceId"]: listed.get("PhysicalResourceId")
            for page in pages
            for listed in page["StackResourceSummaries"]
            if listed["ResourceStatus"] != GONE
        }
        for logical_id, resource in _declared(client, stack.name).items():
            if resource["Type"] in STATEFUL and (name := names.get(logical_id)):
                retained = resource.get("DeletionPolicy", "Delete").startswith("Retain")
                yield StatefulResource(resource["Type"], name, retained)


def _declared(client: "CloudFormationClient", stack: str) -> Mapping[str, Any]:
    try:
        body = client.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    except ClientError as error:
        if code_of(error) != "ValidationError":
            raise
        return {}  # a stack that is only a change set yet has no template
    # A template comes back as it was sent: the CDK's command line sends YAML if it has no bootstrap.
    template: Any = yaml.safe_load(body) if isinstance(body, str) else body
    return dict(template.get("Resources", {}))
