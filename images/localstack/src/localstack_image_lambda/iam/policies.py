"""What identity policies decide about one action on one resource.

An explicit Deny wins over every Allow, and what nothing allows is refused. Policy variables (`${aws:username}`) are not
replaced, so a resource that contains one matches nothing.
"""

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from localstack_image_lambda.iam.conditions import Facts, hold, texts
from localstack_image_lambda.iam.patterns import matches


class Decision(Enum):
    """What the policies say, with the end of AWS's sentence about a refusal."""

    ALLOWED = ""
    NOT_ALLOWED = "because no identity-based policy allows the {action} action"
    DENIED = "with an explicit deny in an identity-based policy"


@dataclass(frozen=True, slots=True)
class Permission:
    """An action on a resource (its ARN). If the resource is None, the request does not show which one it is."""

    action: str
    resource: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy. Exactly one of `actions` and `not_actions` is set, and so with the resources."""

    denies: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, object]]

    def concerns(self, wanted: Permission) -> bool:
        """Return whether the statement is about the action and the resource, whatever its conditions."""
        if self.not_actions:
            about_action = not matches(self.not_actions, wanted.action, ignore_case=True)
        else:
            about_action = matches(self.actions, wanted.action, ignore_case=True)
        return about_action and self._concerns_resource(wanted.resource)

    def _concerns_resource(self, resource: str | None) -> bool:
        if resource is None:  # it may be any: an Allow counts, and a Deny only if it excepts nothing
            return not self.denies or "*" in self.resources
        if self.not_resources:
            return not matches(self.not_resources, resource)
        return matches(self.resources, resource)


@functools.lru_cache(maxsize=1024)
def parse(document: str) -> tuple[Statement, ...]:
    """Return the statements of a policy document (JSON). Raises ValueError."""
    return tuple(
        Statement(
            denies=statement["Effect"] == "Deny",
            actions=texts(statement.get("Action", [])),
            not_actions=texts(statement.get("NotAction", [])),
            resources=texts(statement.get("Resource", [])),
            not_resources=texts(statement.get("NotResource", [])),
            conditions=statement.get("Condition", {}),
        )
        for statement in _statements(document)
    )


def decide(
    documents: Iterable[str], wanted: Permission, facts: Facts, tell: Callable[[str], None]
) -> Decision:
    """Return what the policy documents decide. Raises ValueError if one is malformed.

    A condition that cannot be evaluated counts as if it held for an Allow, and as if it did not for a Deny; `tell` is
    called with it.
    """
    allowed = False
    for document in documents:
        for statement in parse(document):
            if (allowed and not statement.denies) or not statement.concerns(wanted):
                continue
            holds = hold(statement.conditions, facts, tell)
            if statement.denies and holds:
                return Decision.DENIED
            if not statement.denies and holds is not False:
                allowed = True
    return Decision.ALLOWED if allowed else Decision.NOT_ALLOWED


def admits(document: str, service: str) -> bool:
    """Return whether a role's trust policy lets a service (`lambda.amazonaws.com`) assume it. Raises ValueError.

    Conditions count as if they held.
    """
    admitted = False
    for statement in _statements(document):
        principal = statement.get("Principal", {})
        named = texts(principal.get("Service", []) if isinstance(principal, dict) else principal)
        actions = texts(statement.get("Action", []))
        if {service, "*"}.intersection(named) and matches(actions, "sts:AssumeRole", ignore_case=True):
            if statement["Effect"] == "Deny":
                return False
            admitted = True
    return admitted


def _statements(document: str) -> list[dict[str, Any]]:
    content = json.loads(document)
    found = content.get("Statement", []) if isinstance(content, dict) else None
    statements = [found] if isinstance(found, dict) else found
    if not isinstance(statements, list) or not all(map(_is_statement, statements)):
        raise ValueError("a policy has statements, and each of them an effect: Allow or Deny")
    return statements


def _is_statement(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.get("Effect") in {"Allow", "Deny"}
        and isinstance(value.get("Condition", {}), dict)
        and all(isinstance(tests, dict) for tests in value.get("Condition", {}).values())
    )
