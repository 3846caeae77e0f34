"""What the functions' roles allow in a running environment, and what LocalStack says that their sessions needed."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import requests

from tests.e2e.environment import Environment

PERMISSIONS = "/_localstack/image-lambda/permissions"


@dataclass(frozen=True, slots=True)
class Grant:
    """One action of one statement of an inline policy of a role."""

    role: str
    policy: str
    statement: int
    action: str
    resources: tuple[str, ...]

    def covers(self, row: dict[str, Any]) -> bool:
        """Return whether a needed permission is this one."""
        matches = (fnmatchcase(row["resource"] or "*", pattern) for pattern in self.resources)
        return row["action"] == self.action and any(matches)


def role_of(environment: Environment, function: str) -> str:
    """Return the name of a function's role."""
    answer = environment.client("lambda").get_function_configuration(FunctionName=function)
    return str(answer["Role"].rpartition("/")[2])


def grants_of(environment: Environment, role: str) -> list[Grant]:
    """Return everything that a role allows. It has inline policies only, as a test of the templates says."""
    return [
        Grant(role, policy, number, action, tuple(_listed(statement["Resource"])))
        for policy, document in _policies(environment, role)
        for number, statement in enumerate(_listed(document["Statement"]))
        for action in _listed(statement["Action"])
    ]


def needed(role: str) -> list[dict[str, Any]]:
    """Return which permissions the sessions of a role needed since the counts were reset."""
    answer = requests.get(os.environ["AWS_ENDPOINT_URL"] + PERMISSIONS, timeout=30).json()
    if answer["enforcement"] != "strict":
        raise AssertionError(f"the environment runs with IAM={answer['enforcement']}, not strict")
    return [row for arn, rows in answer["roles"].items() if arn.endswith(f"/{role}") for row in rows]


def forget() -> None:
    """Reset the counts."""
    requests.delete(os.environ["AWS_ENDPOINT_URL"] + PERMISSIONS, timeout=30).raise_for_status()


@contextmanager
def without(environment: Environment, grant: Grant) -> Iterator[None]:
    """While the block lasts, the role lacks this one action."""
    iam = environment.client("iam")
    (before,) = [document for name, document in _policies(environment, grant.role) if name == grant.policy]
    statements = [dict(statement) for statement in _listed(before["Statement"])]
    left = [action for action in _listed(statements[grant.statement]["Action"]) if action != grant.action]
    if left:
        statements[grant.statement]["Action"] = left
    else:
        del statements[grant.statement]
    _put(iam, grant, {**before, "Statement": statements})
    try:
        yield
    finally:
        _put(iam, grant, before)


def _put(iam: Any, grant: Grant, document: dict[str, Any]) -> None:
    name = {"RoleName": grant.role, "PolicyName": grant.policy}
    if document["Statement"]:
        iam.put_role_policy(**name, PolicyDocument=json.dumps(document))
    else:
        iam.delete_role_policy(**name)


def _policies(environment: Environment, role: str) -> Iterator[tuple[str, Any]]:
    iam = environment.client("iam")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield name, iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
