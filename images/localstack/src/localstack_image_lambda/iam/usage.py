"""Counts which permissions the sessions of each role needed, and which of them were refused."""

import threading
from typing import TypedDict

from localstack_image_lambda.iam.policies import Permission

MAX_RESOURCES = 50
"""Maximum number of resources that are told apart per role and action. The others are counted as one, None."""


class Row(TypedDict):
    """How often an action on a resource was allowed and refused."""

    action: str
    resource: str | None
    allowed: int
    refused: int


class Usage:
    """The counts since the start, or since they were last reset. It may be used by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, dict[str, dict[str | None, Row]]] = {}

    def record(self, role: str, permission: Permission, *, allowed: bool) -> None:
        """Count one use of a permission by a session of the role (its ARN)."""
        with self._lock:
            rows = self._rows.setdefault(role, {}).setdefault(permission.action, {})
            resource = permission.resource
            if resource not in rows and len(rows) >= MAX_RESOURCES:
                resource = None
            empty = Row(action=permission.action, resource=resource, allowed=0, refused=0)
            row = rows.setdefault(resource, empty)
            row["allowed" if allowed else "refused"] += 1

    def report(self) -> dict[str, list[Row]]:
        """Return the rows of each role."""
        with self._lock:
            return {
                role: [Row(**row) for rows in actions.values() for row in rows.values()]
                for role, actions in self._rows.items()
            }

    def reset(self) -> None:
        """Start to count anew."""
        with self._lock:
            self._rows.clear()
