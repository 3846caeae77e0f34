"""Decides what a deployment does to LocalStack's stacks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from tidemark.local.deployment.templates import StackTemplate

COMPLETE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack as CloudFormation reports it: its status, its template as JSON or YAML and its parameters' values."""

    status: str
    body: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """Stacks to keep as they are, names to destroy in this order, and stacks to create in this order."""

    keep: tuple[StackTemplate, ...]
    destroy: tuple[str, ...]
    create: tuple[StackTemplate, ...]


def plan(
    wanted: Sequence[StackTemplate], deployed: Mapping[str, Deployed], parameters: Mapping[str, str]
) -> Plan:
    """Return what makes LocalStack hold exactly the wanted stacks, given in the order of their dependencies.

    LocalStack reports updates as done without doing them. So a stack that differs is destroyed and made again, and so
    is every stack after it, because it may hold names of the first one's resources.
    """
    same = 0
    while same < len(wanted) and _is_deployed(wanted[same], deployed, parameters):
        same += 1
    rest = tuple(wanted[same:])
    return Plan(
        keep=tuple(wanted[:same]),
        destroy=tuple(stack.name for stack in reversed(rest) if stack.name in deployed),
        create=rest,
    )


def parameters_of(stack: StackTemplate, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return those of the parameters that the stack's template takes."""
    return {name: value for name, value in parameters.items() if name in stack.parameters()}


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return yaml.safe_load(body)  # as the CDK's command line sent it


def _is_deployed(
    wanted: StackTemplate, deployed: Mapping[str, Deployed], parameters: Mapping[str, str]
) -> bool:
    there = deployed.get(wanted.name)
    return (
        there is not None
        and there.status in COMPLETE
        and _parsed(there.body) == json.loads(wanted.body)
        and parameters_of(wanted, parameters).items() <= there.parameters.items()
    )
