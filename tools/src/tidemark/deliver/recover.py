"""`make recover STACK=`: says why a stack is stuck, and the commands that get it out. It changes nothing itself."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from infra_cdk.names import LAMBDA_STACK, stage_name
from tidemark.aws.arguments import required
from tidemark.aws.deployment import Deployment
from tidemark.aws.stacks import described
from tidemark.errors import CommandError
from tidemark.local.state import DEFAULT
from tidemark.options import State, Target
from tidemark.targets import find_deployment

STACK_TYPE = "AWS::CloudFormation::Stack"
_BEGINNINGS = {
    "DELETE_FAILED": "DELETE_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED": "UPDATE_ROLLBACK_IN_PROGRESS",
    "ROLLBACK_FAILED": "ROLLBACK_IN_PROGRESS",
    "CREATE_FAILED": "CREATE_IN_PROGRESS",
    "ROLLBACK_COMPLETE": "CREATE_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE": "UPDATE_IN_PROGRESS",
}
"""For the status that an attempt ended in, the status that the stack reported when the attempt began."""

_VAULT = "{region} --backup-vault-name {name}"
_EMPTY_VAULT = (  # only an empty vault can be deleted
    f"for point in $(aws backup list-recovery-points-by-backup-vault {_VAULT} "
    "--query 'RecoveryPoints[].RecoveryPointArn' --output text); do "
    f'aws backup delete-recovery-point {_VAULT} --recovery-point-arn "$point"; done'
)
_COMMANDS = {
    "AWS::S3::Bucket": ("aws s3 rb s3://{name} --force {region}",),
    "AWS::DynamoDB::Table": (
        "aws dynamodb update-table {region} --table-name {name} --no-deletion-protection-enabled",
        "aws dynamodb delete-table {region} --table-name {name}",
    ),
    "AWS::Backup::BackupVault": (_EMPTY_VAULT, f"aws backup delete-backup-vault {_VAULT}"),
    "AWS::ECR::Repository": ("aws ecr delete-repository {region} --force --repository-name {name}",),
    "AWS::Lambda::Function": ("aws lambda delete-function {region} --function-name {name}",),
    "AWS::Logs::LogGroup": ("aws logs delete-log-group {region} --log-group-name {name}",),
    "AWS::SQS::Queue": ("aws sqs delete-queue {region} --queue-url {name}",),
}
"""The commands that remove one resource for good, for a person to run after a stack left it or could not delete it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A resource that stopped the stack's last attempt: its names, its type and CloudFormation's reason, on one line."""

    logical_id: str
    kind: str
    physical_id: str
    reason: str


def failures(events: Iterable[Mapping[str, Any]], status: str) -> tuple[Failure, ...]:
    """Return what failed in the attempt that ended in `status`, first failure first.

    `events` are all events of the stack, newest first, as DescribeStackEvents pages them. Earlier attempts do not
    count. If a resource failed several times, its last failure counts.
    """
    found: dict[str, Failure] = {}
    for event in events:
        itself = event["ResourceType"] == STACK_TYPE and event["PhysicalResourceId"] == event["StackId"]
        if itself and event["ResourceStatus"] == _BEGINNINGS.get(status):
            break
        if not itself and event["ResourceStatus"].endswith("_FAILED"):
            name = event["LogicalResourceId"]
            reason = " ".join(event.get("ResourceStatusReason", "no reason given").split())
            failed = Failure(name, event["ResourceType"], event.get("PhysicalResourceId", ""), reason)
            found.setdefault(name, failed)
    return tuple(reversed(found.values()))


def remedy(
    stack: str, region: str, status: str, failed: Sequence[Failure], *, protected: bool = False
) -> Iterator[str]:
    """Yield the commands that take a stack out of this status, with comments between them.

    A `protected` stack cannot be deleted until its termination protection is turned off.

    CloudFormation's rules: a deletion retains resources only if the stack is DELETE_FAILED, a rollback skips them only
    if it failed before, and a stack whose creation was rolled back cannot be updated.
    """
    ids = "".join(f" {failure.logical_id}" for failure in failed)
    tail = f"--region {region} --stack-name {shlex.quote(stack)}"
    delete, deleted = (
        f"aws cloudformation {call} {tail}" for call in ("delete-stack", "wait stack-delete-complete")
    )
    match status:
        case "DELETE_FAILED":
            yield f"# delete the stack without what it cannot delete ({len(failed)}):"
            yield delete + (f" --retain-resources{ids}" if ids else "")
            yield deleted
            yield "# only if that fails too, have the stack forget whatever it cannot delete:"
            yield f"{delete} --deletion-mode FORCE_DELETE_STACK"
            yield deleted
            remains = [line for each in failed for line in removal(each.kind, each.physical_id, region)]
            if remains:
                yield "# these remove the retained resources that still exist, DATA INCLUDED:"
            yield from remains
        case "UPDATE_ROLLBACK_FAILED":
            skipped = f" --resources-to-skip{ids}" if ids else ""
            yield "# go on rolling back, without the resources that cannot be rolled back:"
            yield f"aws cloudformation continue-update-rollback {tail}{skipped}"
            yield f"aws cloudformation wait stack-rollback-complete {tail}"
            yield "# then correct by hand what was skipped, and deploy again"
        case "CREATE_FAILED" | "ROLLBACK_FAILED" | "ROLLBACK_COMPLETE" | "REVIEW_IN_PROGRESS":
            yield "# it was never completely made and cannot be updated: delete it, then deploy again"
            if protected:
                yield f"aws cloudformation update-termination-protection {tail} --no-enable-termination-protection"
            yield from (delete, deleted)
        case "UPDATE_ROLLBACK_COMPLETE":
            yield "# it works as it did before its last update: correct what failed, then deploy again"
        case _:
            yield f"# {status} is no state to recover from"


def removal(kind: str, name: str, region: str) -> list[str]:
    """Return the command lines that remove a resource of a CloudFormation type; none if a person has to look.

    `name` is the physical name: a queue's URL, and empty for a resource that was never made.
    """
    commands = _COMMANDS.get(kind, ()) if name else ()
    return [line.format(name=shlex.quote(name), region=f"--region {region}") for line in commands]


def recover(deployment: Deployment, stack: str) -> None:
    """Print why a stack is stuck and what to run. Raises CommandError if there is no such stack."""
    client = deployment.client("cloudformation")
    if (found := described(client, stack)) is None:
        raise CommandError(
            f"there is no stack {stack} in region {deployment.region}: check STACK= and AWS_REGION"
        )
    status = found["StackStatus"]
    print(f"{stack} is {status}")
    pages = client.get_paginator("describe_stack_events").paginate(StackName=found["StackId"])
    failed = failures((event for page in pages for event in page["StackEvents"]), status)
    for each in failed:
        print(f"  {each.logical_id} ({each.kind}, {each.physical_id or 'never made'}): {each.reason}")
    protected = bool(found.get("EnableTerminationProtection"))
    for line in remedy(stack, deployment.region, status, failed, protected=protected):
        print(line)


def command(
    *,
    target: Target = "local",
    state: State = DEFAULT,
    stack: Annotated[str, typer.Option(help="Name of the stack, such as Tidemark-prod-StorageStack.")] = "",
) -> None:
    """Say why a stack is stuck, and the commands that get it out."""
    deployment = find_deployment(target, state)
    example = f"make recover TARGET={target} STACK={stage_name(target)}-{LAMBDA_STACK}"
    recover(deployment, required("STACK", stack, example))
