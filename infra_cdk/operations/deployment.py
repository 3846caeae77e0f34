"""A running deployment, found by its stacks: its names, and clients that reach it."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra_cdk.local import emulator
from infra_cdk.local.env import running
from infra_cdk.local.errors import LocalError
from infra_cdk.local.state import DEFAULT, StateDirectory

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

STACKS = ("StorageStack", "LambdaStack")


class OperationError(Exception):
    """The operation cannot be carried out; the message is one line that says why and what to do."""


@dataclass(frozen=True)
class Deployment:
    """One target's deployment. `endpoint` is LocalStack's URL, or None for AWS with the caller's credentials."""

    target: str
    endpoint: str | None = None

    def client(self, service: str) -> Any:
        """Return a client of a service where the deployment runs."""
        return emulator.client(service, self.endpoint) if self.endpoint else boto3.client(service)  # type: ignore[call-overload]

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """The outputs of all stacks. Raises OperationError where a stack is not there."""
        stacks: CloudFormationClient = self.client("cloudformation")
        found: dict[str, str] = {}
        for stack in STACKS:
            name = f"Tidemark-{self.target}-{stack}"
            try:
                (described,) = stacks.describe_stacks(StackName=name)["Stacks"]
            except ClientError as error:
                if error.response["Error"]["Code"] != "ValidationError":
                    raise
                raise OperationError(
                    f"there is no stack {name} here: deploy target {self.target} first"
                ) from error
            found |= {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
        return found


def parser(name: str, description: str) -> argparse.ArgumentParser:
    """Return a parser of the arguments that every operation takes."""
    made = argparse.ArgumentParser(prog=name, description=description)
    made.add_argument("--target", default="local", help="local, dev or prod (default: %(default)s)")
    made.add_argument(
        "--state", default=DEFAULT, help="the local environment's directory (default: %(default)s)"
    )
    return made


def operate(
    made: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
    operation: Callable[[Deployment, argparse.Namespace], None],
) -> int:
    """Parse, find the deployment and carry out the operation; return 0, or 1 after one line that says what is wrong."""
    options = made.parse_args(arguments)
    try:
        endpoint = running(StateDirectory.at(options.state)).endpoint if options.target == "local" else None
        operation(Deployment(options.target, endpoint), options)
    except (OperationError, LocalError, BotoCoreError, ClientError) as error:
        print(f"{made.prog}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{made.prog}: stopped; what was asked for goes on without being watched", file=sys.stderr)
        return 130
    return 0
