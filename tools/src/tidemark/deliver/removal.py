"""The commands that remove one resource for good, for a person to run after a stack left it or could not delete it."""

import shlex
from collections.abc import Callable, Mapping


def removal(kind: str, name: str, region: str) -> list[str]:
    """Return the command lines that remove a resource of a CloudFormation type; none if a person has to look.

    `name` is the physical name: a queue's URL, and empty for a resource that was never made.
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


def _vault(name: str, region: str) -> list[str]:
    # Only an empty vault can be deleted.
    vault = f"{region} --backup-vault-name {name}"
    points = f"aws backup list-recovery-points-by-backup-vault {vault}"
    emptying = (
        f"for point in $({points} --query 'RecoveryPoints[].RecoveryPointArn' --output text); do "
        f'aws backup delete-recovery-point {vault} --recovery-point-arn "$point"; done'
    )
    return [emptying, f"aws backup delete-backup-vault {vault}"]


_COMMANDS: Mapping[str, Callable[[str, str], list[str]]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::DynamoDB::Table": _table,
    "AWS::Backup::BackupVault": _vault,
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
