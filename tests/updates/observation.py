"""What a deployment is: its resources, as AWS's own calls describe them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.updates.calls import ABSENT, CALLS, CONTAINED, COUNTED, POLICY, VOLATILE

Client = Callable[[str], Any]


@dataclass(frozen=True)
class Resource:
    """One resource: its type, its physical id, and what AWS's calls say of it."""

    type: str
    physical: str
    description: Any


Resources = Mapping[str, Resource]
"""Resources by their logical ids."""


def resources_of(client: Client, stack: str) -> dict[str, Resource]:
    """Return a stack's resources, less those that the description of another one shows."""
    listed = client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    api = "".join(
        it["PhysicalResourceId"] for it in listed if it["ResourceType"] == "AWS::ApiGateway::RestApi"
    )
    return {
        it["LogicalResourceId"]: Resource(
            it["ResourceType"],
            it["PhysicalResourceId"],
            describe(client, it["ResourceType"], it["PhysicalResourceId"], api),
        )
        for it in listed
        if it["ResourceType"] not in CONTAINED
    }


def describe(client: Client, kind: str, physical: str, api: str = "") -> dict[str, Any]:
    """Return what AWS's calls say of a resource."""
    found = {}
    for service, operation, parameters in CALLS[kind]:
        try:
            answer = getattr(client(service), operation)(**_filled(parameters, physical, api))
        except ClientError as error:
            if error.response["Error"]["Code"] not in ABSENT:
                raise
        else:
            found[operation] = _stable(answer)
    if "list_role_policies" in found:
        for name in found["list_role_policies"]["PolicyNames"]:
            found[name] = _stable(client("iam").get_role_policy(RoleName=physical, PolicyName=name))
    if "get_parameter" in found:
        del found["get_parameter"]["Parameter"]["Version"]  # how often it was written
    if "get_function" in found:
        del found["get_function"]["Configuration"]["State"]  # it is pending for a moment after a change
    return found


def stays(client: Client, resource: Resource) -> bool:
    """Return whether a resource that left its stack is still there, with all that it was and held, but for its policy."""
    try:
        found = describe(client, resource.type, resource.physical)
    except ClientError:
        return False
    return found == {name: it for name, it in resource.description.items() if name in found or name != POLICY}


def _filled(value: Any, physical: str, api: str) -> Any:
    match value:
        case str():
            return value.format(id=physical, api=api)
        case list():
            return [_filled(each, physical, api) for each in value]
        case Mapping():
            return {name: _filled(each, physical, api) for name, each in value.items()}
    return value


def _stable(value: Any) -> Any:
    match value:
        case Mapping():
            kept = {name: it for name, it in value.items() if name not in VOLATILE}
            return {name: _stable(it) for name, it in kept.items() if not name.startswith(COUNTED)}
        case list():
            return [_stable(each) for each in value]
    return value
