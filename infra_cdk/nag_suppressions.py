"""Suppresses findings of cdk-nag (the AwsSolutions rules), each with its reason."""

from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct

_PACK = "AwsSolutions"


def suppress(construct: IConstruct, rule: str, *, reason: str) -> None:
    """Suppress the findings of a rule, such as `S1`, on a construct and everything inside it."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"{_PACK}::{_PACK}-{rule}", reason=reason))


def suppress_wildcard(construct: IConstruct, resource: str, *, reason: str) -> None:
    """Suppress the finding that a policy of the construct names a resource (an ARN) with a `*`."""
    finding = _in_findings(Stack.of(construct).resolve(resource))
    suppress(construct, f"IAM5[Resource::{finding}]", reason=reason)


def _in_findings(value: Any) -> str:
    """Return a resolved value as cdk-nag writes it: a reference is `<Name>`."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_in_findings(part) for part in parts)
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case str():
            return value
    raise ValueError(f"not an ARN: {value}")
