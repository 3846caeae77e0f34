"""Backups of the history and the ledger, kept apart from what they are copies of.

Point-in-time recovery, on the tables themselves, is the first aid; it ends with its table. What is in the vault does not.
"""

from typing import Any

from aws_cdk import CfnOutput, Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_backup as backup
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra_cdk import wiring
from infra_cdk.nag_findings import keep_wildcard
from infra_cdk.settings import Settings

DAILY_KEPT = Duration.days(35)
MONTHLY_KEPT = Duration.days(365)


class BackupStack(Stack):
    """A vault, and a plan that puts both tables into it daily and monthly.

    Both at once, because each is of use only with the other; what the copies miss of each other, a reconcile heals.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, **stack: Any) -> None:
        super().__init__(scope, construct_id, **stack)
        tables = [
            dynamodb.Table.from_table_name(self, name, wiring.published(self, settings, parameter))
            for name, parameter in (("History", wiring.HISTORY_TABLE), ("Ledger", wiring.LEDGER_TABLE))
        ]
        # No vault goes while it holds a backup, so it is left behind rather than in a stack that cannot be deleted.
        vault = backup.BackupVault(
            self,
            "Vault",
            backup_vault_name=self._name_of_its_own(settings),
            removal_policy=RemovalPolicy.RETAIN,
        )
        plan = backup.BackupPlan(self, "Plan", backup_vault=vault, backup_plan_rules=_rules())
        plan.add_selection(
            "Tables",
            resources=[backup.BackupResource.from_arn(table.table_arn) for table in tables],
            role=self._role(tables, vault),
            disable_default_backup_policy=True,
        )
        wiring.publish(self, settings, wiring.BACKUP_VAULT, vault.backup_vault_name)
        CfnOutput(self, "BackupVaultName", value=vault.backup_vault_name)

    def _name_of_its_own(self, settings: Settings) -> str:
        # AWS generates no name for a vault, and a fixed one would be taken when the stack is made again after its end.
        unique = Fn.select(2, Fn.split("/", self.stack_id))
        return f"tidemark-{settings.target}-{unique}"

    def _role(self, tables: list[dynamodb.ITable], vault: backup.BackupVault) -> iam.Role:
        # What AWS's own policy for backups (AWSBackupServiceRolePolicyForBackup) allows for tables, on these two alone.
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
            keep_wildcard(role, f"{arn}/backup/*", because="a backup's name is known once it is made")
        return role


def _rules() -> list[backup.BackupPlanRule]:
    at_three = {"hour": "3", "minute": "0"}  # UTC
    return [
        backup.BackupPlanRule(
            rule_name="daily",
            schedule_expression=events.Schedule.cron(**at_three),
            delete_after=DAILY_KEPT,
        ),
        backup.BackupPlanRule(
            rule_name="monthly",
            schedule_expression=events.Schedule.cron(**at_three, day="1"),
            delete_after=MONTHLY_KEPT,
        ),
    ]
