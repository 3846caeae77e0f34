"""Target dev on MiniStack: its stacks are created, updated and deleted by CloudFormation's API."""

import json
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from botocore.exceptions import ClientError

from tests.updates.calls import VERSION
from tests.updates.observation import Resource, describe, resources_of
from tests.updates.templates import TAKEN, Template, deployable
from tests.waiting import until
from tidemark.aws import emulator

NO_UPDATES = "no updates"


@cache
def _client(url: str, service: str) -> Any:
    return emulator.client(service, url)


class Deployment:
    """The stacks of target dev, in a MiniStack that was emptied before."""

    def __init__(self, url: str) -> None:
        emulator.call("POST", f"{url}/_ministack/reset", seconds=30)
        self.client = partial(_client, url)
        self._api: Any = self.client("cloudformation")
        for name in ("/cdk-bootstrap/hnb659fds/version", TAKEN):
            self.client("ssm").put_parameter(Name=name, Value="30", Type="String")

    def deploy(self, templates: Mapping[str, Template]) -> dict[str, str]:
        """Create or update stacks by their short names, and return the status of each, or NO_UPDATES."""
        return {stack: self._deploy(_full(stack), template) for stack, template in templates.items()}

    def resources(self) -> dict[str, Resource]:
        """Return the resources of all stacks by their logical ids."""
        return {
            logical: resource
            for stack in self._stacks()
            for logical, resource in resources_of(self.client, stack).items()
        }

    def versions(self, function: str) -> list[dict[str, Any]]:
        """Return what Lambda says of a function's versions, in the order of their publication."""
        api = self.client("lambda")
        listed = api.list_versions_by_function(FunctionName=function)["Versions"]
        numbers = [each["Version"] for each in listed if each["Version"] != "$LATEST"]
        return [describe(self.client, VERSION, f"{function}:{number}")["get_function"] for number in numbers]

    def fill(self) -> None:
        """Put an object into each bucket and an item into each table."""
        for resource in self.resources().values():
            if resource.type == "AWS::S3::Bucket":
                self.client("s3").put_object(Bucket=resource.physical, Key="kept.txt", Body=b"kept")
            elif resource.type == "AWS::DynamoDB::Table":
                keys = resource.description["describe_table"]["Table"]["KeySchema"]
                item = {key["AttributeName"]: {"S": "kept"} for key in keys}
                self.client("dynamodb").put_item(TableName=resource.physical, Item=item)

    def delete(self) -> None:
        """Delete all stacks, each before those that it depends on."""
        for stack in reversed(self._stacks()):
            self._api.delete_stack(StackName=stack)
            until(lambda stack=stack: stack not in self._stacks(), f"{stack} is deleted")

    def _deploy(self, stack: str, template: Template) -> str:
        change = self._api.update_stack if stack in self._stacks() else self._api.create_stack
        body = json.dumps(deployable(template), separators=(",", ":"))
        try:
            change(StackName=stack, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
            return NO_UPDATES
        return until(partial(self._settled, stack), f"{stack} is settled")

    def _settled(self, stack: str) -> str | None:
        (found,) = self._api.describe_stacks(StackName=stack)["Stacks"]
        status: str = found["StackStatus"]
        return None if status.endswith("IN_PROGRESS") else status

    def _stacks(self) -> list[str]:
        """Return the names of the stacks in the order of their creation."""
        stacks = self._api.describe_stacks()["Stacks"]
        stacks.sort(key=lambda each: each["CreationTime"])
        return [each["StackName"] for each in stacks if each["StackStatus"] != "DELETE_COMPLETE"]


def _full(stack: str) -> str:
    return f"Tidemark-{stack}" if stack == "RegistryStack" else f"Tidemark-dev-{stack}"
