"""The stack of the backups of the history and the ledger.

The tables have point-in-time recovery too, but that ends with its table. The backups in the vault stay.
"""

from typing import Any

from aws_cdk import CfnOutput, Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_backup as backup
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra_cdk import parameters
from infra_cdk.nag_suppressions import suppress_wildcard
from infra_cdk.settings import Settings

DAILY_RETENTION = Duration.days(35)
MONTHLY_RETENTION = Duration.days(365)


class BackupStack(Stack):
    """A vault, and a plan that copies both tables into it daily and monthly.

    Each table is useful only with the other one. A reconcile heals differences between their copies.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, **stack: Any) -> None:
        super().__init__(scope, construct_id, **stack)
        tables = [
            dynamodb.Table.from_table_name(self, name, parameters.read(self, settings, parameter))
            for name, parameter in (
                ("History", parameters.HISTORY_TABLE),
                ("Ledger", parameters.LEDGER_TABLE),
            )
        ]
        # AWS deletes no vault that holds backups. Retained, it does not keep its stack from being deleted.
        vault = backup.BackupVault(
            self,
            "Vault",
            backup_vault_name=self._unique_name(settings),
            removal_policy=RemovalPolicy.RETAIN,
        )
        plan = backup.BackupPlan(self, "Plan", backup_vault=vault, backup_plan_rules=_rules())
        plan.add_selection(
            "Tables",
            resources=[backup.BackupResource.from_arn(table.table_arn) for table in tables],
            role=self._role(tables, vault),
            disable_default_backup_policy=True,
        )
        parameters.publish(self, settings, parameters.BACKUP_VAULT, vault.backup_vault_name)
        CfnOutput(self, "BackupVaultName", value=vault.backup_vault_name)

    def _unique_name(self, settings: Settings) -> str:
        # AWS generates no vault names. A fixed one would be taken when the stack is deleted and made again.
        unique = Fn.select(2, Fn.split("/", self.stack_id))
        return f"tidemark-{settings.target}-{unique}"

    def _role(self, tables: list[dynamodb.ITable], vault: backup.BackupVault) -> iam.Role:
        # What AWS's AWSBackupServiceRolePolicyForBackup allows for tables, on these two tables only.
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("backup.amazonaws.com"))
        arns = [table.table_arn for table in tables]
        for actions, resources in (
            (["dynamodb:DescribeTable", "dynamodb:CreateBackup"], arns),
            (["dynamodb:StartAwsBackupJob", "dynamodb:ListTagsOfResource"], arns),
            (["dynamodb:DescribeBackup", "dynamodb:DeleteBackup"], [f"{arn}/backup/*" for arn in arns]),
            (["backup:DescribeBackupVault", "backup:CopyIntoBackupVault"], [vault.backup_vault_arn]),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
        for arn in arns:
            suppress_wildcard(role, f"{arn}/backup/*", reason="a backup's name is known once it is made")
        return role


def _rules() -> list[backup.BackupPlanRule]:
    return [
        backup.BackupPlanRule(
            rule_name=name,
            schedule_expression=events.Schedule.cron(hour="3", minute="0", day=day),  # UTC
            delete_after=retention,
        )
        for name, day, retention in (("daily", None, DAILY_RETENTION), ("monthly", "1", MONTHLY_RETENTION))
    ]
