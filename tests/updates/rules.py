"""Rules of AWS that MiniStack lacks, as functions over what can be seen. `tests.infra.replacing` has another."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from tests.updates.templates import Template

NOT_COMPARED = ("Description", "FunctionArn", "Version")
"""What the configuration of a version has of its own."""


def refused_versions(versions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the numbers of the versions that Lambda would have refused to publish. They are in the order of publication.

    "Lambda doesn't publish a version if the function's configuration and code haven't changed since the last version":
    Lambda API reference, PublishVersion. CloudFormation then fails with "A version for this Lambda function exists". A version
    that was deleted does not count. MiniStack compares revision ids, which change there and back at a rollback.
    """
    return [
        after["Configuration"]["Version"]
        for before, after in pairwise(versions)
        if _published(before) == _published(after)
    ]


def _published(version: Mapping[str, Any]) -> Any:
    configuration = version["Configuration"]
    compared = {name: value for name, value in configuration.items() if name not in NOT_COMPARED}
    return compared, version["Code"]["ImageUri"]


def shifted_gradually(template: Template, alias: str) -> bool:
    """Return whether CodeDeploy shifts an alias to a new version, instead of CloudFormation moving it at once.

    CloudFormation template reference, UpdatePolicy attribute: `CodeDeployLambdaAliasUpdate` is used if the alias's
    `FunctionVersion` changes.
    """
    return "CodeDeployLambdaAliasUpdate" in template["Resources"][alias].get("UpdatePolicy", {})
