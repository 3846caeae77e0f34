"""The commands that remove one resource for good, for a person to run after a stack left it or could not delete it."""

import shlex

_VAULT = "{region} --backup-vault-name {name}"
_EMPTY_VAULT = (  # only an empty vault can be deleted
    f"for point in $(aws backup list-recovery-points-by-backup-vault {_VAULT} "
    "--query 'RecoveryPoints[].RecoveryPointArn' --output text); do "
    f'aws backup delete-recovery-point {_VAULT} --recovery-point-arn "$point"; done'
)
_COMMANDS = {
    "AWS::S3::Bucket": ("aws s3 rb s3://{name} --force {region}",),
    "AWS::DynamoDB::Table": (
        "aws dynamodb update-table {region} --table-name {name} --no-deletion-protection-enabled",
        "aws dynamodb delete-table {region} --table-name {name}",
    ),
    "AWS::Backup::BackupVault": (_EMPTY_VAULT, f"aws backup delete-backup-vault {_VAULT}"),
    "AWS::ECR::Repository": ("aws ecr delete-repository {region} --force --repository-name {name}",),
    "AWS::Lambda::Function": ("aws lambda delete-function {region} --function-name {name}",),
    "AWS::Logs::LogGroup": ("aws logs delete-log-group {region} --log-group-name {name}",),
    "AWS::SQS::Queue": ("aws sqs delete-queue {region} --queue-url {name}",),
}


def removal(kind: str, name: str, region: str) -> list[str]:
    """Return the command lines that remove a resource of a CloudFormation type; none if a person has to look.

    `name` is the physical name: a queue's URL, and empty for a resource that was never made.
    """
    commands = _COMMANDS.get(kind, ()) if name else ()
    return [line.format(name=shlex.quote(name), region=f"--region {region}") for line in commands]
