"""`make destroy TARGET=`: deletes a deployment's stacks, once it was said what is lost and that this is meant."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra_cdk.images import SERVICES, repository
from size_history.items import Totals, totals_key
from tidemark.aws.account import agree
from tidemark.aws.arguments import add_context, add_place
from tidemark.aws.deployment import Deployment, operate, parser
from tidemark.aws.stacks import (
    REGISTRY,
    VAULT,
    StackState,
    StatefulResource,
    stacks_of,
    stateful_resources,
)
from tidemark.deliver import app_stacks
from tidemark.deliver.removal import removal
from tidemark.errors import CommandError
from tidemark.local.deployment.stacks import Stacks
from tidemark.operate import additions

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_APPLICATION = "LambdaStack"


def destroy(deployment: Deployment, context: Sequence[str], consent: Callable[[str], None]) -> None:
    """List what goes, have it agreed by `consent` (which raises otherwise), delete it, list what stays.

    Raises CommandError where a stack cannot be deleted.
    """
    stacks = stacks_of(deployment)
    resources = tuple(stateful_resources(deployment, stacks))
    _announce(deployment, stacks, resources)
    if stacks:
        consent(deployment.target)
        _remove_additions(deployment, stacks)
        if deployment.endpoint:
            _empty(deployment, stacks)
        app_stacks.require(deployment, ["destroy", app_stacks.of_target(deployment), "--force"], context)
    _tell_leftovers(deployment, resources)


def agreed_by(confirmation: str | None) -> Callable[[str], None]:
    """Return the consent of a script (`CONFIRM=`), or of whoever sits at the terminal."""

    def consent(target: str) -> None:
        given = confirmation
        if given is None:
            if not sys.stdin.isatty():
                raise CommandError(f"nobody agreed to that: CONFIRM={target} does")
            given = input(f"Type {target} to destroy that: ").strip()
        if given != target:
            raise CommandError(f"nothing was destroyed: '{given}' is not {target}")

    return consent


def _announce(
    deployment: Deployment, stacks: Sequence[StackState], resources: Sequence[StatefulResource]
) -> None:
    if not stacks:
        print(f"target {deployment.target} has no stack here")
        return
    print("these stacks go:")
    for stack in stacks:
        print(f"  {stack.name} ({stack.status})")
    for heading, retained in (("this data is LOST with them:", False), ("this data stays:", True)):
        listed = [resource for resource in resources if resource.retained is retained]
        if listed:
            print(heading)
        for resource in listed:
            print(f"  {resource.kind}  {resource.name}  {_holds(deployment, resource)}", flush=True)


def _holds(deployment: Deployment, resource: StatefulResource) -> str:
    """Return how much a resource holds, as cheaply as that is known."""
    try:
        if resource.kind == "AWS::DynamoDB::Table":
            table = deployment.client("dynamodb").describe_table(TableName=resource.name)["Table"]
            return f"about {table.get('ItemCount', 0):,} items"
        if resource.name == deployment.outputs.get("DataBucketName"):
            totals = _totals(deployment, resource.name)
            return f"{totals.count:,} objects, {totals.size:,} bytes" if totals else "not tracked yet"
    except (ClientError, CommandError):  # a stack that was half made, a table that is gone
        return "what it holds is not known"
    return ""


def _totals(deployment: Deployment, bucket: str) -> Totals | None:
    tables: DynamoDBClient = deployment.client("dynamodb")
    answer = tables.get_item(TableName=deployment.outputs["LedgerTableName"], Key=totals_key(bucket))
    return Totals.from_item(answer["Item"]) if "Item" in answer else None


def _remove_additions(deployment: Deployment, stacks: Sequence[StackState]) -> None:
    if not any(stack.name.endswith(_APPLICATION) for stack in stacks):
        return
    found = additions.find(deployment)
    if found.role is None:
        print(
            "the tracker's role cannot be found: where it is still there, what make track added may keep it from going"
        )
    additions.remove(deployment, found)
    if found.rules or found.policies:
        print(f"removed what make track added: {len(found.rules)} rules, {len(found.policies)} policies")


def _empty(deployment: Deployment, stacks: Sequence[StackState]) -> None:
    # On AWS a custom resource of the stack does this; LocalStack runs none.
    local = Stacks(deployment.client("cloudformation"), deployment.client("s3"))
    for stack in stacks:
        local.empty_buckets(stack.name)


def _tell_leftovers(deployment: Deployment, resources: Sequence[StatefulResource]) -> None:
    left = [resource for resource in resources if resource.retained]
    if left:
        print("left, and no stack's any more: a new deployment makes new ones beside them")
        if any(resource.kind == VAULT for resource in left):
            print(
                "the vault keeps the backups, each until its time is up; only without any can it be removed"
            )
        print("to remove them for good, with all that they hold:")
    for line in _removals(left, deployment.region):
        print(f"  {line}")
    if not deployment.endpoint and _registry_is_there(deployment):
        print(f"left, for it is every target's: {REGISTRY} with the images. If this was the last target:")
        for service in SERVICES:
            for line in removal("AWS::ECR::Repository", repository(service), deployment.region):
                print(f"  {line}")
        print(f'  make cdk ARGS="destroy {REGISTRY}"')
    if stacks_of(deployment):
        raise CommandError("not every stack is gone")
    print(f"target {deployment.target}: no stack is left")


def _removals(left: Sequence[StatefulResource], region: str) -> Iterator[str]:
    for resource in left:
        yield from removal(resource.kind, resource.name, region) or [f"{resource.kind} {resource.name}"]


def _registry_is_there(deployment: Deployment) -> bool:
    try:
        return bool(deployment.client("cloudformation").describe_stacks(StackName=REGISTRY)["Stacks"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return False


def _operation(deployment: Deployment, options: argparse.Namespace) -> None:
    app_stacks.settings_of(deployment, options.context)  # a wrong one would be found after the first removals
    agree(deployment, "destroy", account=options.account, region=options.region)
    destroy(deployment, options.context, agreed_by(options.confirm))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    made = parser("destroy", "Delete a deployment's stacks.")
    add_place(made)
    add_context(made)
    made.add_argument("--confirm", metavar="TARGET", help="the target's name, instead of typing it")
    return operate(made, arguments, _operation)


if __name__ == "__main__":
    sys.exit(main())
