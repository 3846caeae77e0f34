"""LocalStack's CloudFormation: find, create and delete stacks, and wait until it has happened."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from tidemark.aws.buckets import empty_bucket
from tidemark.aws.stacks import BUCKET, GONE, WELL, described
from tidemark.errors import CommandError
from tidemark.local.deployment.templates import StackTemplate
from tidemark.progress import wait

if TYPE_CHECKING:  # modules that take long to import, and that only a type checker needs
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack as CloudFormation reports it."""

    status: str
    template: Any
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stacks:
    """The stacks of one LocalStack. `seconds` bounds each wait, `say` shows that it still waits."""

    client: "CloudFormationClient"
    s3: "S3Client"
    say: Callable[[str], object] = lambda _: None
    seconds: float = 120.0

    def find(self, name: str) -> Deployed | None:
        """Return a stack, or None if there is none of this name."""
        stack = described(self.client, name)
        if stack is None or stack["StackStatus"] == GONE:
            return None
        body = self.client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        template = _parsed(body) if isinstance(body, str) else body
        told = {found["ParameterKey"]: found["ParameterValue"] for found in stack.get("Parameters", [])}
        return Deployed(stack["StackStatus"], template, told)

    def outputs(self, name: str) -> dict[str, str]:
        """Return a stack's outputs by their names."""
        stack = described(self.client, name)
        outputs = stack.get("Outputs", []) if stack else []
        return {output["OutputKey"]: output["OutputValue"] for output in outputs}

    def create(self, template: StackTemplate, parameters: Mapping[str, str]) -> None:
        """Create a stack and wait until it is complete; CommandError names the resource that failed and why."""
        self.client.create_stack(
            StackName=template.name,
            TemplateBody=template.body,
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        if (status := self._end_of(template.name, "created")) not in WELL:
            raise CommandError(f"could not create {template.name}: {self._reason(template.name) or status}")
        self._await_parameters(template.name, set(parameters))

    def delete(self, name: str) -> None:
        """Empty a stack's buckets, delete the stack and wait until it is gone."""
        for page in self.client.get_paginator("list_stack_resources").paginate(StackName=name):
            for resource in page["StackResourceSummaries"]:
                if resource["ResourceType"] == BUCKET and resource.get("PhysicalResourceId"):
                    empty_bucket(self.s3, resource["PhysicalResourceId"])
        self.client.delete_stack(StackName=name)
        if (status := self._end_of(name, "deleted")) != GONE:
            raise CommandError(f"could not delete {name}: {self._reason(name) or status}")

    def _end_of(self, name: str, what: str) -> str:
        """Wait until a stack is not in progress any more, and return its status."""
        status = ""

        def in_progress() -> str | None:
            nonlocal status
            stack = described(self.client, name)
            status = stack["StackStatus"] if stack else GONE
            return f"it is {status}" if status.endswith("_IN_PROGRESS") else None

        wait(f"{name} to be {what}", in_progress, seconds=self.seconds, say=self.say)
        return status

    def _await_parameters(self, name: str, wanted: set[str]) -> None:
        # LocalStack says that a stack is complete a moment before it tells its template and its parameters.
        def missing() -> str | None:
            found = self.find(name)
            untold = wanted - set(found.parameters if found else ())
            return f"LocalStack does not tell {', '.join(sorted(untold))}" if untold or not found else None

        wait(f"the parameters of {name}", missing, seconds=self.seconds, say=self.say)

    def _reason(self, name: str) -> str:
        # The first failure is the cause; those after it are resources that were cancelled for it.
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=name)
        failed = [
            f"{event['LogicalResourceId']} ({event.get('ResourceType', '')}): "
            f"{event.get('ResourceStatusReason', event['ResourceStatus'])}"
            for page in pages
            for event in page["StackEvents"]
            if event.get("ResourceStatus", "").endswith("_FAILED") and event["LogicalResourceId"] != name
        ]
        return " ".join(failed[-1].split()) if failed else ""


def _parsed(body: str) -> Any:
    # A template comes back as it was sent: JSON from us, YAML from the CDK's command line. YAML is a thousand times slower.
    try:
        return json.loads(body)
    except ValueError:
        return yaml.safe_load(body)
