"""`make recover STACK=`: says why a stack is stuck and how to get it out, command by command. It changes nothing itself."""

import argparse
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tidemark.aws.arguments import stack_of
from tidemark.aws.deployment import Deployment, operate, parser
from tidemark.deliver.removal import removal
from tidemark.errors import CommandError

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

STACK_TYPE = "AWS::CloudFormation::Stack"
_BEGINNINGS = {
    "DELETE_FAILED": "DELETE_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED": "UPDATE_ROLLBACK_IN_PROGRESS",
    "ROLLBACK_FAILED": "ROLLBACK_IN_PROGRESS",
    "CREATE_FAILED": "CREATE_IN_PROGRESS",
    "ROLLBACK_COMPLETE": "CREATE_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE": "UPDATE_IN_PROGRESS",
}
"""What the stack itself reported when the attempt began that ended in this status."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A resource that stopped the stack's last attempt: its names, its type and CloudFormation's reason, on one line."""

    logical_id: str
    kind: str
    physical_id: str
    reason: str


def failures(events: Iterable[Mapping[str, Any]], status: str) -> tuple[Failure, ...]:
    """Return what failed in the attempt that ended in `status`, first failure first.

    `events` are all of the stack's, newest first, as DescribeStackEvents pages them. Those of earlier attempts do not
    count, and of several failures of a resource the last one does.
    """
    found: dict[str, Failure] = {}
    beginning = _BEGINNINGS.get(status)
    for event in events:
        itself = event["ResourceType"] == STACK_TYPE and event["PhysicalResourceId"] == event["StackId"]
        if itself and event["ResourceStatus"] == beginning:
            break
        if itself or not event["ResourceStatus"].endswith("_FAILED"):
            continue
        found.setdefault(
            event["LogicalResourceId"],
            Failure(
                event["LogicalResourceId"],
                event["ResourceType"],
                event.get("PhysicalResourceId", ""),
                " ".join(event.get("ResourceStatusReason", "no reason given").split()),
            ),
        )
    return tuple(reversed(found.values()))


def remedy(stack: str, region: str, status: str, failed: Sequence[Failure]) -> Iterator[str]:
    """Yield the lines to run, comments between them, that take a stack of this status out of it.

    Sources of the rules: CloudFormation retains resources in a deletion only of a stack that is DELETE_FAILED, skips
    them only in a rollback that failed, and updates no stack whose creation was rolled back.
    """
    name = shlex.quote(stack)
    ids = " ".join(failure.logical_id for failure in failed)
    cloudformation = "aws cloudformation"
    tail = f"--region {region} --stack-name {name}"
    match status:
        case "DELETE_FAILED":
            yield f"# delete the stack without what it cannot delete ({len(failed)}):"
            yield f"{cloudformation} delete-stack {tail}" + (f" --retain-resources {ids}" if ids else "")
            yield f"{cloudformation} wait stack-delete-complete {tail}"
            yield "# only if that fails too, have the stack forget whatever it cannot delete:"
            yield f"{cloudformation} delete-stack {tail} --deletion-mode FORCE_DELETE_STACK"
            yield f"{cloudformation} wait stack-delete-complete {tail}"
            yield from _remains(failed, region)
        case "UPDATE_ROLLBACK_FAILED":
            yield "# go on rolling back, without what cannot be:"
            yield f"{cloudformation} continue-update-rollback {tail}" + (
                f" --resources-to-skip {ids}" if ids else ""
            )
            yield f"{cloudformation} wait stack-rollback-complete {tail}"
            yield "# then correct by hand what was skipped, and deploy again"
        case "CREATE_FAILED" | "ROLLBACK_FAILED" | "ROLLBACK_COMPLETE" | "REVIEW_IN_PROGRESS":
            yield "# it was never completely made and cannot be updated: delete it, then deploy again"
            yield f"{cloudformation} delete-stack {tail}"
            yield f"{cloudformation} wait stack-delete-complete {tail}"
        case "UPDATE_ROLLBACK_COMPLETE":
            yield "# it works as it did before its last update: correct what failed, then deploy again"
        case _:
            yield f"# {status} is no state to recover from"


def _remains(failed: Sequence[Failure], region: str) -> Iterator[str]:
    remains = [line for failure in failed for line in removal(failure.kind, failure.physical_id, region)]
    if remains:
        yield "# what then remains of the retained resources, where it still exists, is removed, DATA INCLUDED, by:"
        yield from remains


def recover(deployment: Deployment, stack: str) -> None:
    """Print why a stack is stuck and what to run. Raises CommandError where there is no such stack."""
    client: CloudFormationClient = deployment.client("cloudformation")
    try:
        (described,) = client.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise CommandError(
            f"there is no stack {stack} in region {deployment.region}: check STACK= and AWS_REGION"
        ) from error
    status = described["StackStatus"]
    print(f"{stack} is {status}")
    pages = client.get_paginator("describe_stack_events").paginate(StackName=described["StackId"])
    failed = failures((event for page in pages for event in page["StackEvents"]), status)
    for failure in failed:
        print(
            f"  {failure.logical_id} ({failure.kind}, {failure.physical_id or 'never made'}): {failure.reason}"
        )
    for line in remedy(stack, deployment.region, status, failed):
        print(line)


def _operation(deployment: Deployment, options: argparse.Namespace) -> None:
    example = f"make recover TARGET={deployment.target} STACK=Tidemark-{deployment.target}-LambdaStack"
    recover(deployment, stack_of(options.stack, example))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    made = parser("recover", "Say why a stack is stuck and how to get it out.")
    made.add_argument("--stack", required=True, help="the stack's name, such as Tidemark-prod-StorageStack")
    return operate(made, arguments, _operation)


if __name__ == "__main__":
    sys.exit(main())
