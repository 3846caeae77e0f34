"""A call of AWS's API, as far as its permissions depend on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localstack_image_lambda.iam.policies import Permission


@dataclass(frozen=True, slots=True)
class Call:
    """An operation with its parsed parameters.

    `service` is botocore's name of the service (`cloudwatch`), `prefix` that of its actions.
    """

    service: str
    prefix: str
    operation: str
    parameters: Mapping[str, Any]
    partition: str
    region: str
    account: str

    def get(self, name: str) -> Any:
        """Return a parameter, or None."""
        return self.parameters.get(name)

    def arn(self, resource: str, *, service: str = "") -> str:
        """Return the ARN of a resource of the call's account and region."""
        return f"arn:{self.partition}:{service or self.prefix}:{self.region}:{self.account}:{resource}"

    def named(self, kind: str, name: str) -> str:
        """Return the ARN of a resource that a parameter gives by its name or by its ARN."""
        return name if name.startswith("arn:") else self.arn(kind + name)

    def permission(self, resource: str | None, action: str = "") -> Permission:
        """Return the permission for an action on a resource. By default the action has the operation's name."""
        return Permission(f"{self.prefix}:{action or self.operation}", resource)
