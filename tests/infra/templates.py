"""Synthesized templates as tests read them: resources by type, policies by service, references as plain text."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tidemark.local.deployment.templates import StackTemplate

Properties = dict[str, Any]


@dataclass(frozen=True)
class Stack:
    """One stack's template."""

    name: str
    body: dict[str, Any]

    @classmethod
    def of(cls, template: StackTemplate) -> "Stack":
        return cls(template.name, json.loads(template.body))

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        return self.body["Resources"]

    def ids(self, kind: str) -> list[str]:
        """Return the logical ids of all resources of a type."""
        return [name for name, resource in self.resources.items() if resource["Type"] == kind]

    def all(self, kind: str) -> list[Properties]:
        """Return the properties of all resources of a type."""
        return [self.resources[name].get("Properties", {}) for name in self.ids(kind)]

    def one(self, kind: str) -> Properties:
        """Return the properties of the only resource of a type."""
        (properties,) = self.all(kind)
        return properties

    def by_output(self, output: str) -> str:
        """Return the logical id of the resource that an output names."""
        return self.body["Outputs"][output]["Value"]["Ref"]

    def properties(self, output: str) -> Properties:
        """Return the properties of the resource that an output names."""
        return self.resources[self.by_output(output)]["Properties"]

    def function(self, service: str) -> tuple[str, Properties]:
        """Return the logical id and the properties of the function that runs a service's image."""
        ((name, properties),) = [
            (name, self.resources[name]["Properties"])
            for name in self.ids("AWS::Lambda::Function")
            if f"tidemark/{service}@" in text(self.resources[name]["Properties"]["Code"].get("ImageUri", ""))
        ]
        return name, properties

    def alias(self, service: str) -> tuple[str, dict[str, Any]]:
        """Return the logical id and the whole resource of the alias by which a service's function is called."""
        function, _ = self.function(service)
        ((name, resource),) = [
            (name, self.resources[name])
            for name in self.ids("AWS::Lambda::Alias")
            if self.resources[name]["Properties"]["FunctionName"] == {"Ref": function}
        ]
        return name, resource

    def statements(self, kind: str, role: str | None = None) -> list[Properties]:
        """Return every statement of the policies of a type; with a `role` (logical id), of that role's alone."""
        return [
            statement
            for policy in self.all(kind)
            if role is None or {"Ref": role} in policy["Roles"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]

    def allowed(self, service: str) -> set[tuple[str, str]]:
        """Return what a service may do: pairs of an action and a resource as text."""
        role = self.function(service)[1]["Role"]["Fn::GetAtt"][0]
        return grants(self.statements("AWS::IAM::Policy", role))

    def actions(self, service: str) -> set[str]:
        """Return every action that a service may do on any resource."""
        return {action for action, _ in self.allowed(service)}

    def resources_for(self, service: str, action: str) -> set[str]:
        """Return the resources on which a service may do one action."""
        return {resource for allowed, resource in self.allowed(service) if allowed == action}


def grants(statements: Iterable[Properties]) -> set[tuple[str, str]]:
    """Return what statements allow: pairs of an action and a resource as text."""
    return {
        (action, text(resource))
        for statement in statements
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def text(value: Any) -> str:
    """Return a template's value with its references as `${Name}`: readable, and equal where the values are."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Join": [separator, parts]}:
            return separator.join(text(part) for part in parts)
    raise AssertionError(f"neither text nor a reference: {value}")


def resolved(value: Any) -> Any:
    """Return a part of a template with every reference in it as text."""
    match value:
        case {"Ref": _} | {"Fn::GetAtt": _} | {"Fn::Join": _}:
            return text(value)
        case Mapping():
            return {name: resolved(each) for name, each in value.items()}
        case list():
            return [resolved(each) for each in value]
    return value


def listed(value: Any) -> list[Any]:
    """Return a value that a template may give alone or in a list, as a list."""
    return value if isinstance(value, list) else [value]


def nodes(value: Any) -> Iterator[Any]:
    """Yield every value inside a template, itself included."""
    yield value
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for child in value:
            yield from nodes(child)


def keys(value: Any) -> set[str]:
    """Return every key of every object inside a template."""
    return {key for node in nodes(value) if isinstance(node, Mapping) for key in node}
