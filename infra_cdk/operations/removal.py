"""The commands that remove a single resource for good, for a person to run: of what a stack left, or could not delete."""

import shlex
from collections.abc import Callable, Mapping


def removal(kind: str, name: str, region: str) -> list[str]:
    """Return the command lines that remove a resource of a CloudFormation type; none where a person has to look.

    `name` is the physical name, which for a queue is its URL, and empty for what was never made.
    """
    commands = _COMMANDS.get(kind)
    return commands(shlex.quote(name), f"--region {region}") if commands and name else []


def _bucket(name: str, region: str) -> list[str]:
    return [f"aws s3 rb s3://{name} --force {region}"]


def _table(name: str, region: str) -> list[str]:
    return [
        f"aws dynamodb update-table {region} --table-name {name} --no-deletion-protection-enabled",
        f"aws dynamodb delete-table {region} --table-name {name}",
    ]


_COMMANDS: Mapping[str, Callable[[str, str], list[str]]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::DynamoDB::Table": _table,
    "AWS::Backup::BackupVault": lambda name, region: [
        f"aws backup delete-backup-vault {region} --backup-vault-name {name}"
    ],
    "AWS::ECR::Repository": lambda name, region: [
        f"aws ecr delete-repository {region} --force --repository-name {name}"
    ],
    "AWS::Lambda::Function": lambda name, region: [
        f"aws lambda delete-function {region} --function-name {name}"
    ],
    "AWS::Logs::LogGroup": lambda name, region: [
        f"aws logs delete-log-group {region} --log-group-name {name}"
    ],
    "AWS::SQS::Queue": lambda name, region: [f"aws sqs delete-queue {region} --queue-url {name}"],
}
