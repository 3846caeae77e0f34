"""LocalStack's CloudFormation: find, create and delete stacks, and wait until it has happened."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tidemark.aws.buckets import empty_bucket
from tidemark.errors import CommandError
from tidemark.local.deployment.plan import COMPLETE, Deployed
from tidemark.local.deployment.templates import StackTemplate
from tidemark.local.progress import wait

if TYPE_CHECKING:  # modules that take long to import, and that only a type checker needs
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackTypeDef
    from types_boto3_s3 import S3Client

STACK_SECONDS = 120.0
_GONE = "DELETE_COMPLETE"
_DELETED = frozenset({_GONE})


class Stacks:
    """The stacks of one LocalStack. `seconds` bounds each wait, `say` shows that it still waits."""

    def __init__(
        self,
        client: "CloudFormationClient",
        s3: "S3Client",
        say: Callable[[str], object] = lambda _: None,
        *,
        seconds: float = STACK_SECONDS,
    ) -> None:
        self._client = client
        self._s3 = s3
        self._seconds = seconds
        self._say = say

    def find(self, name: str) -> Deployed | None:
        """Return a stack, or None if there is none of this name."""
        stack = self._describe(name)
        if stack is None:
            return None
        body = self._client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        parameters = {
            parameter["ParameterKey"]: parameter["ParameterValue"]
            for parameter in stack.get("Parameters", [])
        }
        return Deployed(stack["StackStatus"], body if isinstance(body, str) else json.dumps(body), parameters)

    def outputs(self, name: str) -> dict[str, str]:
        """Return a stack's outputs by their names."""
        stack = self._describe(name)
        outputs = stack.get("Outputs", []) if stack else []
        return {output["OutputKey"]: output["OutputValue"] for output in outputs}

    def create(self, template: StackTemplate, parameters: Mapping[str, str]) -> None:
        """Create a stack and wait until it is complete; CommandError names the resource that failed and why."""
        self._client.create_stack(
            StackName=template.name,
            TemplateBody=template.body,
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        self._wait(template.name, "create", COMPLETE)
        self._await_parameters(template.name, set(parameters))

    def delete(self, name: str) -> None:
        """Empty a stack's buckets, delete the stack and wait until it is gone."""
        self.empty_buckets(name)
        self._client.delete_stack(StackName=name)
        self._wait(name, "delete", _DELETED)

    def empty_buckets(self, name: str) -> None:
        """Delete every version of every object in a stack's buckets."""
        for bucket in self._buckets(name):
            empty_bucket(self._s3, bucket)

    def _wait(self, name: str, what: str, wanted: frozenset[str]) -> None:
        status = ""

        def in_progress() -> str | None:
            nonlocal status
            stack = self._describe(name)
            status = stack["StackStatus"] if stack else _GONE
            return f"it is {status}" if status.endswith("_IN_PROGRESS") else None

        wait(f"{name} to be {what}d", in_progress, seconds=self._seconds, say=self._say)
        if status not in wanted:
            raise CommandError(f"could not {what} {name}: {self._reason(name) or status}")

    def _await_parameters(self, name: str, wanted: set[str]) -> None:
        # LocalStack says that a stack is complete a moment before it tells its template and its parameters.
        def missing() -> str | None:
            found = self.find(name)
            untold = wanted - set(found.parameters if found else ())
            return f"LocalStack does not tell {', '.join(sorted(untold))}" if untold or not found else None

        wait(f"the parameters of {name}", missing, seconds=self._seconds, say=self._say)

    def _describe(self, name: str) -> "StackTypeDef | None":
        try:
            stack = self._client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return None if stack["StackStatus"] == _GONE else stack

    def _reason(self, name: str) -> str:
        # The first failure is the cause; those after it are resources that were cancelled for it.
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=name)
        failed = [
            f"{event['LogicalResourceId']} ({event.get('ResourceType', '')}): "
            f"{event.get('ResourceStatusReason', event['ResourceStatus'])}"
            for page in pages
            for event in page["StackEvents"]
            if event.get("ResourceStatus", "").endswith("_FAILED") and event["LogicalResourceId"] != name
        ]
        return " ".join(failed[-1].split()) if failed else ""

    def _buckets(self, name: str) -> Iterator[str]:
        for page in self._client.get_paginator("list_stack_resources").paginate(StackName=name):
            for resource in page["StackResourceSummaries"]:
                if resource["ResourceType"] == "AWS::S3::Bucket" and resource.get("PhysicalResourceId"):
                    yield resource["PhysicalResourceId"]
