"""What the checks of the templates (cdk-nag's AwsSolutions) find and we keep as it is, each with its reason."""

from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct

_PACK = "AwsSolutions"


def keep(construct: IConstruct, rule: str, *, because: str) -> None:
    """Acknowledge a rule's finding, such as `S1`, on a construct and all that it consists of."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"{_PACK}::{_PACK}-{rule}", reason=because))


def keep_wildcard(construct: IConstruct, resource: str, *, because: str) -> None:
    """Acknowledge that a policy of a construct names a resource (an ARN) with a `*` in it."""
    keep(construct, f"IAM5[Resource::{_as_found(Stack.of(construct).resolve(resource))}]", because=because)


def _as_found(value: Any) -> str:
    """Return a resolved value in the words of cdk-nag's findings, with references as `<Name>`."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_as_found(part) for part in parts)
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case str():
            return value
    raise ValueError(f"no ARN: {value}")
