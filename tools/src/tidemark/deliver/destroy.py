"""`make destroy TARGET=`: says what is lost, and deletes a deployment's stacks once that is agreed."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from botocore.exceptions import ClientError

from infra_cdk.images import SERVICES, repository
from infra_cdk.names import LAMBDA_STACK, REGISTRY_STACK
from tidemark.aws.account import agree
from tidemark.aws.buckets import empty_bucket
from tidemark.aws.deployment import Deployment
from tidemark.aws.ledger import totals
from tidemark.aws.stacks import (
    BUCKET,
    TABLE,
    VAULT,
    StackState,
    StatefulResource,
    described,
    stateful_resources,
)
from tidemark.deliver import cdk
from tidemark.deliver.recover import removal
from tidemark.errors import CommandError, goes_on_by_itself
from tidemark.local.state import DEFAULT
from tidemark.operate import additions
from tidemark.options import Account, Context, Region, State, Target
from tidemark.targets import find_deployment


def destroy(deployment: Deployment, context: Sequence[str], confirmation: str | None) -> None:
    """List what goes, delete it once a script (`CONFIRM=`) or a person at the terminal agrees, list what stays.

    Raises CommandError if nobody agrees, or a stack cannot be deleted.
    """
    stacks = deployment.stacks()
    resources = tuple(stateful_resources(deployment.client("cloudformation"), stacks))
    _announce(deployment, stacks, resources)
    if stacks:
        _require_agreement(deployment.target, confirmation)
        if any(stack.name.endswith(LAMBDA_STACK) for stack in stacks):
            rules, policies = additions.remove(deployment)
            if rules or policies:
                print(f"removed what make track added: {rules} rules, {policies} policies")
        if deployment.endpoint:
            # On AWS a custom resource of the stack does this; LocalStack runs none.
            for resource in resources:
                if resource.kind == BUCKET:
                    empty_bucket(deployment.client("s3"), resource.name)
        _unprotect(deployment, stacks)
        with goes_on_by_itself():
            cdk.require(deployment, ["destroy", deployment.stack_name("*", "/"), "--force"], context)
    _tell_leftovers(deployment, [resource for resource in resources if resource.retained])


def _require_agreement(target: str, given: str | None) -> None:
    if given is None:
        if not sys.stdin.isatty():
            raise CommandError(f"nobody agreed to that: CONFIRM={target} does")
        given = input(f"Type {target} to destroy that: ").strip()
    if given != target:
        raise CommandError(f"nothing was destroyed: '{given}' is not {target}")


def _unprotect(deployment: Deployment, stacks: Sequence[StackState]) -> None:
    """Turn off the termination protection of the stacks that have it. The next deployment turns it on again."""
    client = deployment.client("cloudformation")
    for stack in stacks:
        found = described(client, stack.name)
        if found and found.get("EnableTerminationProtection"):
            client.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
            print(f"{stack.name}: termination protection turned off")


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
    """Return how much a resource holds, if that is cheap to find out."""
    try:
        if resource.kind == TABLE:
            table = deployment.client("dynamodb").describe_table(TableName=resource.name)["Table"]
            return f"about {table.get('ItemCount', 0):,} items"
        if resource.name == deployment.outputs.get("DataBucketName"):
            ledger = deployment.outputs["LedgerTableName"]
            found = totals(deployment.client("dynamodb"), ledger, resource.name)
            return f"{found.count:,} objects, {found.size:,} bytes" if found else "not tracked yet"
    except (ClientError, CommandError):  # a half-made stack, a table that is gone
        return "what it holds is not known"
    return ""


def _tell_leftovers(deployment: Deployment, left: Sequence[StatefulResource]) -> None:
    region = deployment.region
    if left:
        print("left, and part of no stack: a new deployment makes new ones beside them")
        if any(resource.kind == VAULT for resource in left):
            print(
                "the vault keeps the backups, each until its time is up; it can be removed once it holds none"
            )
        print("to remove them for good, with all that they hold:")
    for resource in left:
        commands = removal(resource.kind, resource.name, region)
        _print_indented(commands or [f"{resource.kind} {resource.name}"])
    if not deployment.endpoint and described(deployment.client("cloudformation"), REGISTRY_STACK):
        print(
            f"left, because all targets share it: {REGISTRY_STACK} with the images. If this was the last target:"
        )
        for service in SERVICES:
            _print_indented(removal("AWS::ECR::Repository", repository(service), region))
        _print_indented([f".venv/bin/tidemark cdk destroy {REGISTRY_STACK}"])
    if deployment.stacks():
        raise CommandError("not every stack is gone")
    print(f"target {deployment.target}: no stack is left")


def _print_indented(lines: Sequence[str]) -> None:
    for line in lines:
        print(f"  {line}")


def command(
    *,
    target: Target = "local",
    state: State = DEFAULT,
    account: Account = None,
    region: Region = None,
    context: Context = None,
    confirm: Annotated[
        str | None, typer.Option(metavar="TARGET", help="The target's name, instead of typing it.")
    ] = None,
) -> None:
    """Say what is lost, ask, delete the stacks, list what is left."""
    deployment = find_deployment(target, state)
    cdk.settings_of(deployment, context or [])  # a wrong one would be found after the first removals
    agree(deployment, "destroy", account=account, region=region)
    destroy(deployment, context or [], confirm)
