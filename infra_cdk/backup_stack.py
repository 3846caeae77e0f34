"""The stack of the backups of the history and the ledger, and of the roles that make and restore them.

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
from infra_cdk.names import STORAGE_STACK, restored_table_prefix, stage_name
from infra_cdk.settings import Settings

DAILY_RETENTION = Duration.days(35)
MONTHLY_RETENTION = Duration.days(365)
LEDGER_RETENTION = Duration.days(7)
"""A reconcile makes the ledger anew. Its copies keep the counters and spare the time, so a few recent ones do."""

_FILLING = (
    "dynamodb:DescribeTable",
    "dynamodb:Scan",
    "dynamodb:Query",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
)
_READING_BY_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
_WRITING_BY_KEY = (
    "kms:Encrypt",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptTo",
    "kms:ReEncryptFrom",
)


class BackupStack(Stack):
    """A vault, a plan for each table that copies it into the vault, and a role to restore a copy into a new table."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, **stack: Any) -> None:
        super().__init__(scope, construct_id, **stack)
        history, ledger = (
            dynamodb.Table.from_table_name(self, name, parameters.read(self, settings, parameter))
            for name, parameter in (
                ("History", parameters.HISTORY_TABLE),
                ("Ledger", parameters.LEDGER_TABLE),
            )
        )
        # AWS deletes no vault that holds backups. Retained, it does not keep its stack from being deleted. If the stack
        # could not be made, the vault holds none, and the next try would find its name taken.
        vault = backup.BackupVault(
            self,
            "Vault",
            backup_vault_name=self._unique_name(settings),
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        role = self._backup_role([history, ledger], vault)
        of_history = backup.BackupPlan(self, "Plan", backup_vault=vault, backup_plan_rules=_history_rules())
        of_ledger = backup.BackupPlan(
            self, "LedgerPlan", backup_vault=vault, backup_plan_rules=_ledger_rules()
        )
        for plan, name, table in ((of_history, "History", history), (of_ledger, "Ledger", ledger)):
            plan.add_selection(
                name,
                resources=[backup.BackupResource.from_arn(table.table_arn)],
                role=role,
                disable_default_backup_policy=True,
            )
        parameters.publish(self, settings, parameters.BACKUP_VAULT, vault.backup_vault_name)
        CfnOutput(self, "BackupVaultName", value=vault.backup_vault_name)
        CfnOutput(self, "RestoreRoleArn", value=self._restore_role(settings).role_arn)

    def _unique_name(self, settings: Settings) -> str:
        # AWS generates no vault names. A fixed one would be taken when the stack is deleted and made again.
        unique = Fn.select(2, Fn.split("/", self.stack_id))
        return f"tidemark-{settings.target}-{unique}"

    def _backup_role(self, tables: list[dynamodb.ITable], vault: backup.BackupVault) -> iam.Role:
        # What AWS's AWSBackupServiceRolePolicyForBackup allows for tables, on these two tables only.
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("backup.amazonaws.com"))
        arns = [table.table_arn for table in tables]
        copies = [f"{arn}/backup/*" for arn in arns]
        self._allow(role, "dynamodb:DescribeTable", "dynamodb:CreateBackup", on=arns)
        self._allow(role, "dynamodb:StartAwsBackupJob", "dynamodb:ListTagsOfResource", on=arns)
        self._allow(role, "dynamodb:DescribeBackup", "dynamodb:DeleteBackup", on=copies)
        self._allow(
            role, "backup:DescribeBackupVault", "backup:CopyIntoBackupVault", on=[vault.backup_vault_arn]
        )
        self._allow_key_of_tables(role, *_READING_BY_KEY)
        for copy in copies:
            suppress_wildcard(role, copy, reason="a backup's name is known once it is made")
        return role

    def _restore_role(self, settings: Settings) -> iam.Role:
        # What AWS's AWSBackupServiceRolePolicyForRestores allows for tables. A copy may be of a table that is gone with
        # its stack, whose name nobody knows any more. It is never restored over a table in use.
        role = iam.Role(self, "RestoreRole", assumed_by=iam.ServicePrincipal("backup.amazonaws.com"))
        sources = self._table_arn(f"{stage_name(settings.target)}-{STORAGE_STACK}-*")
        restored = self._table_arn(f"{restored_table_prefix(settings.target)}*")
        self._allow(role, "dynamodb:RestoreTableFromBackup", on=[f"{sources}/backup/*"])
        self._allow(role, "dynamodb:RestoreTableFromAwsBackup", on=[sources, restored])
        self._allow(role, "dynamodb:RestoreTableFromBackup", *_FILLING, on=[restored])
        self._allow_key_of_tables(role, *_READING_BY_KEY, *_WRITING_BY_KEY)
        for resource in (f"{sources}/backup/*", sources, restored):
            suppress_wildcard(role, resource, reason="the names of copies and of their tables are generated")
        return role

    def _allow(self, role: iam.Role, *actions: str, on: list[str]) -> None:
        role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=on))

    def _allow_key_of_tables(self, role: iam.Role, *actions: str) -> None:
        # The account's key for tables has a name that is not known here. DynamoDB alone may use it for the role.
        keys = self.format_arn(service="kms", resource="key", resource_name="*")
        role.add_to_policy(
            iam.PolicyStatement(
                actions=list(actions),
                resources=[keys],
                conditions={"StringEquals": {"kms:ViaService": f"dynamodb.{self.region}.amazonaws.com"}},
            )
        )
        suppress_wildcard(
            role, keys, reason="AWS manages the key of the tables, and only DynamoDB may use it here"
        )

    def _table_arn(self, name: str) -> str:
        return self.format_arn(service="dynamodb", resource="table", resource_name=name)


def _history_rules() -> list[backup.BackupPlanRule]:
    return [_rule("daily", None, DAILY_RETENTION), _rule("monthly", "1", MONTHLY_RETENTION)]


def _ledger_rules() -> list[backup.BackupPlanRule]:
    return [_rule("daily", None, LEDGER_RETENTION)]


def _rule(name: str, day: str | None, retention: Duration) -> backup.BackupPlanRule:
    schedule = events.Schedule.cron(hour="3", minute="0", day=day)  # UTC
    return backup.BackupPlanRule(rule_name=name, schedule_expression=schedule, delete_after=retention)
