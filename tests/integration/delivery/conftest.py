"""A LocalStack of its own in which nothing is deployed, the commands that deploy to it, and what it then holds."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.local.conftest import ROOT, Local, environ, new_local
from tidemark.aws.emulator import client
from tidemark.local.deployment.stacks import Stacks
from tidemark.local.variables import aws_variables

COMMAND_SECONDS = 280
TIDEMARK = str(Path(sys.prefix) / "bin" / "tidemark")

LISTINGS = {
    "buckets": ("s3", "list_buckets", "Buckets", "Name"),
    "tables": ("dynamodb", "list_tables", "TableNames", None),
    "functions": ("lambda", "list_functions", "Functions", "FunctionName"),
    "event source mappings": ("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    "queues": ("sqs", "list_queues", "QueueUrls", None),
    "rules": ("events", "list_rules", "Rules", "Name"),
    "roles": ("iam", "list_roles", "Roles", "RoleName"),
    "logs": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "parameters": ("ssm", "describe_parameters", "Parameters", "Name"),
    "APIs": ("apigateway", "get_rest_apis", "items", "id"),
    "topics": ("sns", "list_topics", "Topics", "TopicArn"),
    "alarms": ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
}
"""How each kind of resource is listed: the service, the call, where the list is and what names an entry."""


@dataclass(frozen=True)
class Target:
    """An environment that is up, reached by `make` and by the CDK's pinned command line."""

    local: Local

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.local.port}"

    def client(self, service: str) -> Any:
        return client(service, self.endpoint)

    def make(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        """Run `make` as an ordinary user does, for the target local unless TARGET= says otherwise."""
        return run(["make", *arguments, f"STATE={self.local.state.root}"], environ(**variables))

    def cdk(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run the CDK's pinned command line in infra_cdk/, as AWS's variables have it go to this LocalStack."""
        return run([TIDEMARK, "cdk", "--", *arguments], environ(**self.variables))

    @property
    def variables(self) -> dict[str, str]:
        """The variables that lead AWS's own tools to this LocalStack."""
        return aws_variables(self.endpoint)

    def holds(self) -> dict[str, list[str]]:
        """Return the names of everything that is there, by kind."""
        return {kind: sorted(self._names(*listing)) for kind, listing in LISTINGS.items()} | {
            "stacks": sorted(self._stacks())
        }

    def _names(self, service: str, call: str, field: str, name: str | None) -> Iterator[str]:
        api = self.client(service)
        pages = api.get_paginator(call).paginate() if api.can_paginate(call) else [getattr(api, call)()]
        for page in pages:
            for entry in page.get(field, []):
                yield entry[name] if name else entry

    def _stacks(self) -> Iterator[str]:
        for page in self.client("cloudformation").get_paginator("describe_stacks").paginate():
            for stack in page["Stacks"]:
                if stack["StackStatus"] != "DELETE_COMPLETE":
                    yield f"{stack['StackName']} {stack['StackStatus']}"


def run(command, variables, directory=ROOT) -> subprocess.CompletedProcess:
    """Run a command with these variables alone."""
    output = {"capture_output": True, "text": True}
    return subprocess.run(
        command, cwd=directory, env=variables, check=False, timeout=COMMAND_SECONDS, **output
    )


def said(done: subprocess.CompletedProcess) -> str:
    """Return all that a command printed, for an assertion's message."""
    return f"{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """Yield a LocalStack of this module's own that runs and in which nothing is deployed."""
    local = new_local(tmp_path_factory.mktemp("delivery"))
    started = local.up()
    if started.returncode:
        pytest.fail(started.stdout + started.stderr, pytrace=False)
    try:
        target = Target(local)
        stacks = Stacks(target.client("cloudformation"), target.client("s3"))
        for name in ("Tidemark-local-LambdaStack", "Tidemark-local-StorageStack"):
            stacks.delete(name)
        yield target
    finally:
        local.down()
