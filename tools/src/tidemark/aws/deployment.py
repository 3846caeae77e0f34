"""A running deployment, found by its stacks: its names, and clients that reach it."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from infra_cdk.settings import TARGETS
from tidemark.aws.refusals import explained
from tidemark.errors import CommandError
from tidemark.local import emulator
from tidemark.local.env import running
from tidemark.local.state import DEFAULT, StateDirectory

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

STACKS = ("StorageStack", "LambdaStack")


class Outputs(dict[str, str]):
    """The outputs of a deployment's stacks. One that none of them has raises CommandError."""

    def __missing__(self, name: str) -> str:
        raise CommandError(
            f"the stacks have no output {name}: they were deployed by an older version: make deploy"
        )


@dataclass(frozen=True)
class Deployment:
    """One target's deployment. `endpoint` is LocalStack's URL, or None for AWS with the caller's credentials."""

    target: str
    endpoint: str | None = None

    @cached_property
    def session(self) -> boto3.Session:
        """The caller's session on AWS. boto3 itself reads AWS_DEFAULT_REGION and the profile's region only."""
        return boto3.Session(region_name=os.environ.get("AWS_REGION") or None)

    @property
    def region(self) -> str:
        """The region that the deployment is in. Raises NoRegionError where none is set."""
        region = emulator.REGION if self.endpoint else self.session.region_name
        if region is None:
            raise NoRegionError
        return region

    def client(self, service: str) -> Any:
        """Return a client of a service where the deployment runs."""
        if self.endpoint:
            return emulator.client(service, self.endpoint)
        return self.session.client(service, region_name=self.region)  # type: ignore[call-overload]

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """The outputs of all stacks. Raises CommandError where a stack is not there, or was never completely made."""
        stacks: CloudFormationClient = self.client("cloudformation")
        found = Outputs()
        for stack in STACKS:
            name = f"Tidemark-{self.target}-{stack}"
            try:
                (described,) = stacks.describe_stacks(StackName=name)["Stacks"]
            except ClientError as error:
                if error.response["Error"]["Code"] != "ValidationError":
                    raise
                raise CommandError(
                    f"there is no stack {name} here: deploy target {self.target} first"
                ) from error
            if not described.get("Outputs"):  # every stack of ours has some, from the end of its creation on
                raise CommandError(self._unmade(name, described["StackStatus"]))
            found |= {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
        return found

    def _unmade(self, stack: str, status: str) -> str:
        if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            return f"stack {stack} is {status}: repeat when that has ended"
        return (
            f"stack {stack} is {status} and has no outputs: make recover TARGET={self.target} STACK={stack}"
        )


def parser(name: str, description: str) -> argparse.ArgumentParser:
    """Return a parser of the arguments that every operation takes."""
    made = argparse.ArgumentParser(prog=name, description=description)
    made.add_argument("--target", default="local", help="local, dev or prod (default: %(default)s)")
    made.add_argument(
        "--state", default=DEFAULT, help="the local environment's directory (default: %(default)s)"
    )
    return made


def _find(target: str, state: str) -> Deployment:
    if target not in TARGETS:
        raise CommandError(f"unknown target '{target}': it is one of {', '.join(TARGETS)}")
    return Deployment(target, running(StateDirectory.at(state)).endpoint if target == "local" else None)


def operate(
    made: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
    operation: Callable[[Deployment, argparse.Namespace], None],
) -> int:
    """Parse, find the deployment and carry out the operation; return 0, or 1 after one line that says what is wrong."""
    options = made.parse_args(arguments)
    region: str | None = None
    try:
        deployment = _find(options.target, options.state)
        region = deployment.region
        operation(deployment, options)
    except CommandError as error:
        print(f"{made.prog}: {error}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"{made.prog}: {explained(error, region)}", file=sys.stderr)
        return 1
    except EOFError:  # every question is asked before anything is done
        print(f"\n{made.prog}: nobody answered, so nothing was done", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{made.prog}: stopped; what was asked for goes on without being watched", file=sys.stderr)
        return 130
    return 0
