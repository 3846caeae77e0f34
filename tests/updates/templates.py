"""Templates as they are deployed to MiniStack, which lacks some types of resources."""

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.infra.templates import listed, nodes
from tidemark.local.deployment.templates import stacks_of

Template = dict[str, Any]
Templates = dict[str, Template]
"""Templates by the short names of their stacks, dependencies first."""

UNKNOWN = (
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::Backup::BackupSelection",
    "Custom::S3BucketNotifications",  # known, but its function would have to answer
)
"""The types that are left out. docs/substrates.md lists them."""


def read(assembly: Path) -> Templates:
    """Return the templates of a synthesized app."""
    return {stack.short_name: json.loads(stack.body) for stack in stacks_of(assembly)}


def deployable(template: Template) -> Template:
    """Return a template without the unknown types, and without what refers to them: update policies, dependencies."""
    template = copy.deepcopy(template)
    resources = template["Resources"]
    gone = {name for name, resource in resources.items() if resource["Type"] in UNKNOWN}
    for name in gone:
        del resources[name]
    for resource in resources.values():
        if gone & set(references(resource.get("UpdatePolicy"))):
            del resource["UpdatePolicy"]
        if "DependsOn" in resource:
            resource["DependsOn"] = [each for each in listed(resource["DependsOn"]) if each not in gone]
    return template


def references(value: Any) -> Iterator[str]:
    """Yield the logical ids and parameters that a part of a template refers to."""
    for node in nodes(value):
        match node:
            case {"Ref": name} | {"Fn::GetAtt": [name, _]}:
                yield name


def failing_late(template: Template) -> Template:
    """Return a template with a resource that fails after all others: a parameter whose name is taken."""
    template = copy.deepcopy(template)
    template["Resources"]["Failing"] = {
        "Type": "AWS::SSM::Parameter",
        "DependsOn": list(template["Resources"]),
        "Properties": {"Name": TAKEN, "Type": "String", "Value": "another"},
    }
    return template


TAKEN = "/tidemark/taken"
"""A parameter that exists, and belongs to no stack."""


def without(template: Template, *outputs: str) -> Template:
    """Return a template without the resources that outputs name, and without all that refers to them."""
    template = copy.deepcopy(template)
    gone = {template["Outputs"][output]["Value"]["Ref"] for output in outputs}
    for section in ("Resources", "Outputs"):
        template[section] = {
            name: it
            for name, it in template[section].items()
            if name not in gone and not gone & set(references(it))
        }
    return template


def with_properties(template: Template, output: str, properties: Mapping[str, Any]) -> Template:
    """Return a template in which the resource that an output names has other properties."""
    template = copy.deepcopy(template)
    resource = template["Resources"][template["Outputs"][output]["Value"]["Ref"]]
    resource["Properties"] = {**resource["Properties"], **properties}
    return template
