"""A running deployment, found by its stacks: its names, and clients that reach it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError

from infra_cdk.names import LAMBDA_STACK, STORAGE_STACK, stage_name
from tidemark.aws import emulator
from tidemark.aws.session import session_of_caller
from tidemark.aws.stacks import GONE, StackState, described
from tidemark.errors import CommandError

STACKS = (STORAGE_STACK, LAMBDA_STACK)


class Outputs(dict[str, str]):
    """The outputs of a deployment's stacks. A missing one raises CommandError."""

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
        """The caller's session on AWS. Raises NoRegionError."""
        return session_of_caller()

    @property
    def region(self) -> str:
        """The region that the deployment is in. Raises NoRegionError."""
        return emulator.REGION if self.endpoint else self.session.region_name

    def credentials(self) -> Credentials:
        """Return LocalStack's credentials or the caller's, which renew themselves. Raises NoCredentialsError."""
        if self.endpoint:
            return emulator.credentials()
        found: Credentials | None = self.session.get_credentials()
        if found is None:
            raise NoCredentialsError
        return found

    def client(self, service: str) -> Any:
        """Return a client of a service in the place of the deployment."""
        if self.endpoint:
            return emulator.client(service, self.endpoint)
        return self.session.client(service)  # type: ignore[call-overload]

    def stack_name(self, stack: str, separator: str = "-") -> str:
        """Return the name of one of the target's stacks; with the separator `/`, that on `cdk`'s command line."""
        return f"{stage_name(self.target)}{separator}{stack}"

    def stacks(self) -> tuple[StackState, ...]:
        """Return the target's existing stacks, in any status, sorted by name."""
        pages = self.client("cloudformation").get_paginator("describe_stacks").paginate()
        found = [
            StackState(
                each["StackName"], each["StackStatus"], each.get("LastUpdatedTime", each["CreationTime"])
            )
            for page in pages
            for each in page["Stacks"]
            if each["StackName"].startswith(self.stack_name("")) and each["StackStatus"] != GONE
        ]
        return tuple(sorted(found, key=lambda stack: stack.name))

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """The outputs of all stacks. Raises CommandError if a stack is missing or was never completely made."""
        client = self.client("cloudformation")
        found = Outputs()
        for stack in STACKS:
            name = self.stack_name(stack)
            stated = described(client, name)
            if stated is None:
                raise CommandError(f"there is no stack {name} here: deploy target {self.target} first")
            if not stated.get("Outputs"):  # each of our stacks has some once it is made
                status = stated["StackStatus"]
                if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
                    raise CommandError(f"stack {name} is {status}: repeat when that has ended")
                fix = f"make recover TARGET={self.target} STACK={name}"
                raise CommandError(f"stack {name} is {status} and has no outputs: {fix}")
            found |= {output["OutputKey"]: output["OutputValue"] for output in stated["Outputs"]}
        return found
