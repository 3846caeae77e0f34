"""The resources that hold data, and what a change of the templates would do to them.

cfn-lint ships the schemas of AWS's resource providers. They say which types hold data, and which properties make
CloudFormation replace a resource when they change (`createOnlyProperties`, `conditionalCreateOnlyProperties`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from infra_cdk.app import build
from tidemark.local.deployment.templates import stacks_of

REGION = "us-east-1"
TARGETS = ("prod", "dev")
"""The targets with real data. Local and ephemeral data may be lost."""

ALSO_STATEFUL = frozenset({"AWS::ECR::Repository"})
"""Missing in cfn-lint's list, but a deployed function cannot start without its image."""
REPLACEABLE = {
    "AWS::SQS::Queue": "messages are hints; a reconcile finds every change that was lost",
    "AWS::Logs::LogGroup": "logs are kept for a month only and go with their stack",
    "AWS::CloudFormation::Stack": "nothing here is a nested stack",
}
"""Types that hold something and may be replaced, and why."""
UNDECLARED = {
    # "Replacement if you edit an existing AttributeDefinition" (its page in the CloudFormation reference).
    "AWS::DynamoDB::Table": ("AttributeDefinitions", "LocalSecondaryIndexes"),
}
"""Properties that replace a resource by AWS's documentation, although the provider's schema does not say so."""
_RETAINED = ("Retain", "RetainExceptOnCreate")
_HASH = re.compile(r"[0-9A-F]{8}$")


@dataclass(frozen=True)
class Resource:
    """One resource that holds data: its type, the properties that would replace it, and whether it is retained."""

    type: str
    replacing: Mapping[str, Any]
    retained: bool


Stacks = Mapping[str, Mapping[str, Resource]]
"""Stack name → logical id → resource."""


@cache
def stateful_types() -> frozenset[str]:
    """Return the types of resources that hold data."""
    listed = files("cfnlint.data.AdditionalSpecs").joinpath("StatefulResources.json").read_text("utf-8")
    return (frozenset(json.loads(listed)["ResourceTypes"]) | ALSO_STATEFUL) - REPLACEABLE.keys()


@cache
def replacing_properties(kind: str) -> tuple[str, ...]:
    """Return the properties of a type, such as `KeySchema` or `A/B`, whose change replaces a resource."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    pointers = [
        *schema.get("createOnlyProperties", []),
        *schema.get("conditionalCreateOnlyProperties", []),
    ]
    names = {pointer.removeprefix("/properties/") for pointer in pointers} | set(UNDECLARED.get(kind, ()))
    # Leave out properties inside of a property that replaces as a whole.
    return tuple(sorted(name for name in names if not any(name.startswith(f"{other}/") for other in names)))


def synthesized(directory: Path) -> dict[str, dict[str, Resource]]:
    """Synthesize the targets with real data below a directory, and return the resources that hold data."""
    found: dict[str, dict[str, Resource]] = {}
    for target in TARGETS:
        build({"target": target}, outdir=str(directory / target)).synth()
        for stack in stacks_of(directory / target):
            if held := stateful(json.loads(stack.body)):
                found[stack.name] = held
    return found


def stateful(template: Mapping[str, Any]) -> dict[str, Resource]:
    """Return the resources of a template that hold data, by logical id."""
    return {
        name: _resource(resource)
        for name, resource in template.get("Resources", {}).items()
        if resource["Type"] in stateful_types()
    }


def read(file: Path) -> dict[str, dict[str, Resource]]:
    """Return the recorded stacks."""
    stacks = json.loads(file.read_text("utf-8"))
    return {
        stack: {name: Resource(**fields) for name, fields in held.items()} for stack, held in stacks.items()
    }


def write(stacks: Stacks, file: Path) -> None:
    """Record stacks."""
    plain = {
        stack: {name: asdict(resource) for name, resource in held.items()} for stack, held in stacks.items()
    }
    file.write_text(json.dumps(plain, indent=2, sort_keys=True) + "\n", "utf-8")


def changes(recorded: Stacks, found: Stacks) -> list[str]:
    """Return a sentence for each resource that deploying `found` over `recorded` would replace, drop or unguard."""
    return [
        sentence
        for stack, held in sorted(recorded.items())
        for name, before in sorted(held.items())
        for sentence in _fate(name, stack, before, found.get(stack, {}).get(name))
    ]


def unrecorded(recorded: Stacks, found: Stacks) -> list[str]:
    """Return the resources that hold data and are not in the record yet."""
    return [
        f"{name} of {stack} ({resource.type})"
        for stack, held in sorted(found.items())
        for name, resource in sorted(held.items())
        if name not in recorded.get(stack, {})
    ]


def readable(logical_id: str) -> str:
    """Return a logical id without the CDK's hash."""
    return _HASH.sub("", logical_id)


def _fate(name: str, stack: str, before: Resource, after: Resource | None) -> Iterator[str]:
    what = f"{name} of {stack} ({before.type})"
    then = "stays behind with its data, unused" if before.retained else "is deleted with its data"
    if after is None or after.type != before.type:
        yield f"{what} would be gone from its stack: its logical id, its stack's name or its type changed. The old one {then}"
        return
    for key, old in before.replacing.items():
        new = after.replacing.get(key)
        if _differs(key, old, new):
            yield (
                f"{what} would be replaced by a new, empty one: {key} was {_short(old)} and would be {_short(new)}. "
                f"The old one {then}"
            )
    if before.retained and not after.retained:
        yield f"{what} would be deleted with its data when its stack goes or replaces it: it is not retained any more"


def _differs(name: str, old: Any, new: Any) -> bool:
    if name == "AttributeDefinitions":
        # Adding or removing an attribute with its index changes the table in place. Another type replaces it.
        return any((new or {}).get(attribute, kind) != kind for attribute, kind in (old or {}).items())
    return bool(old != new)


def _resource(resource: Mapping[str, Any]) -> Resource:
    properties = resource.get("Properties", {})
    names = replacing_properties(resource["Type"])
    return Resource(
        resource["Type"],
        {name: _value(properties, name) for name in names},
        retained=all(
            resource.get(policy) in _RETAINED for policy in ("DeletionPolicy", "UpdateReplacePolicy")
        ),
    )


def _value(properties: Any, name: str) -> Any:
    """Return a property's value, or None if it is not set."""
    value = properties
    for step in name.split("/"):
        value = value.get(step) if isinstance(value, Mapping) else None
    if name == "AttributeDefinitions" and isinstance(value, list):
        return {each["AttributeName"]: each["AttributeType"] for each in value}
    return value


def _short(value: Any) -> str:
    return "not set" if value is None else json.dumps(value, sort_keys=True)
