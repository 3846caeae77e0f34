"""The backups outlive the tables, and their vault outlives its stack."""

import re

import pytest

from infra_cdk.names import restored_table_prefix
from infra_cdk.settings import HERE
from tests.infra.templates import Stack, grants, text

TABLE = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"
KEYS = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"
TABLES = {TABLE + "${HistoryTableName}", TABLE + "${LedgerTableName}"}


@pytest.fixture
def backup(synth, aws_target) -> Stack:
    return synth(target=aws_target)["BackupStack"]


def copies(backup, parameter) -> set[tuple[str, int]]:
    """Return when the table behind a parameter is copied, and for how many days each copy is kept."""
    (plan,) = [
        selection["BackupPlanId"]["Fn::GetAtt"][0]
        for selection in backup.all("AWS::Backup::BackupSelection")
        if [text(resource) for resource in selection["BackupSelection"]["Resources"]]
        == [f"{TABLE}${{{parameter}}}"]
    ]
    rules = backup.resources[plan]["Properties"]["BackupPlan"]["BackupPlanRule"]
    return {(rule["ScheduleExpression"], rule["Lifecycle"]["DeleteAfterDays"]) for rule in rules}


def test_the_history_is_copied_every_day_for_five_weeks_and_every_month_for_a_year(backup):
    assert copies(backup, "HistoryTableName") == {("cron(0 3 * * ? *)", 35), ("cron(0 3 1 * ? *)", 365)}


def test_the_ledger_which_a_reconcile_makes_anew_is_copied_every_day_for_a_week(backup):
    """It is much larger than the history of a quiet bucket, and each copy is whole."""
    assert copies(backup, "LedgerTableName") == {("cron(0 3 * * ? *)", 7)}


def test_the_vault_stays_when_its_stack_goes(backup):
    (vault,) = backup.ids("AWS::Backup::BackupVault")

    assert backup.resources[vault]["UpdateReplacePolicy"] == "Retain"
    # Of a stack that could not be made, it goes, so that the next try finds its name free.
    assert backup.resources[vault]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_stack_made_again_after_its_end_does_not_want_the_name_of_the_vault_that_stayed(backup):
    prefix, identity = backup.one("AWS::Backup::BackupVault")["BackupVaultName"]["Fn::Join"][1]

    assert identity == {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    assert len(prefix) + len("12345678-1234-1234-1234-123456789012") <= 50


def allowed(backup, selection_or_output) -> set[tuple[str, str]]:
    """Return what a role may do that an output or, by `IamRoleArn`, the selections name."""
    return grants(backup.statements("AWS::IAM::Policy", role_id(backup, selection_or_output)))


def role_id(backup, name) -> str:
    if name in backup.body["Outputs"]:
        return backup.body["Outputs"][name]["Value"]["Fn::GetAtt"][0]
    (role,) = {
        selection["BackupSelection"][name]["Fn::GetAtt"][0]
        for selection in backup.all("AWS::Backup::BackupSelection")
    }
    return role


def test_the_backups_role_reaches_the_two_tables_and_the_vault_and_can_change_no_item(backup):
    found = allowed(backup, "IamRoleArn")

    on_tables = {action for action, resource in found if resource in TABLES}
    beyond = {resource for _, resource in found} - TABLES - {f"{table}/backup/*" for table in TABLES}
    assert on_tables == {
        "dynamodb:CreateBackup",
        "dynamodb:DescribeTable",
        "dynamodb:ListTagsOfResource",
        "dynamodb:StartAwsBackupJob",
    }
    assert beyond == {KEYS, f"${{{backup.ids('AWS::Backup::BackupVault')[0]}.BackupVaultArn}}"}
    assert all("ManagedPolicyArns" not in role for role in backup.all("AWS::IAM::Role"))


def test_the_backups_role_may_read_tables_that_are_encrypted_with_the_accounts_key(backup):
    """AWS's list for a role that backs tables up has four statements; without this one, a copy fails or is late."""
    assert {action for action, resource in allowed(backup, "IamRoleArn") if resource == KEYS} == {
        "kms:Decrypt",
        "kms:GenerateDataKey",
    }


def test_a_role_uses_the_accounts_keys_through_dynamodb_alone(backup):
    statements = [
        statement
        for statement in backup.statements("AWS::IAM::Policy")
        if text(statement["Resource"] if isinstance(statement["Resource"], dict) else "") == KEYS
    ]

    assert len(statements) == 2
    for statement in statements:
        ((operator, condition),) = statement["Condition"].items()
        assert (operator, list(condition)) == ("StringEquals", ["kms:ViaService"])
        assert text(condition["kms:ViaService"]) == "dynamodb.${AWS::Region}.amazonaws.com"


RESTORING = (
    {f"dynamodb:{action}" for action in ("Scan", "Query", "GetItem", "DescribeTable", "BatchWriteItem")}
    | {f"dynamodb:{action}" for action in ("PutItem", "UpdateItem", "DeleteItem")}
    | {"dynamodb:RestoreTableFromBackup", "dynamodb:RestoreTableFromAwsBackup"}
    | {
        f"kms:{action}"
        for action in ("Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptTo", "ReEncryptFrom")
    }
    | {"kms:GenerateDataKeyWithoutPlaintext"}
)
"""What AWS's list for a role that restores tables allows."""


def test_another_role_may_do_all_that_a_restore_takes(backup):
    assert {action for action, _ in allowed(backup, "RestoreRoleArn")} == RESTORING


def test_a_restore_writes_into_a_new_table_only_and_never_into_one_in_use(backup, aws_target):
    restored = f"{TABLE}tidemark-{aws_target}-restored-*"
    writing = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}

    written = {
        resource
        for action, resource in allowed(backup, "RestoreRoleArn")
        if action.removeprefix("dynamodb:") in writing
    }

    assert written == {restored}


def test_a_copy_of_a_table_that_is_gone_with_its_stack_can_be_restored_by_the_next_stacks_role(
    backup, synth, aws_target
):
    storage = synth(target=aws_target)["StorageStack"]
    gone = f"{TABLE}{storage.name}-{storage.by_output('HistoryTableName')}-1A2B3C4D5E6F"
    found = allowed(backup, "RestoreRoleArn")

    for action, resource in (
        ("dynamodb:RestoreTableFromBackup", f"{gone}/backup/01489602797149-73d8d5bc"),
        ("dynamodb:RestoreTableFromAwsBackup", gone),
    ):
        patterns = [pattern for granted, pattern in found if granted == action]
        assert any(re.fullmatch(re.escape(each).replace(r"\*", ".*"), resource) for each in patterns)


def test_the_documented_restore_uses_a_name_that_the_role_may_write_and_outputs_that_exist(synth):
    backup = synth(target="prod")["BackupStack"]
    page = (HERE.parent / "docs" / "operations.md").read_text("utf-8")

    (name,) = re.findall(r"targetTableName=([\w.-]+)", page)
    (output,) = re.findall(r"Tidemark-prod-BackupStack[^\n]*\n[^\n]*OutputKey==`(\w+)`", page)

    assert name.startswith(restored_table_prefix("prod"))
    assert set(re.findall(r"FROM=([\w.-]+)", page)) == {name}
    assert output in backup.body["Outputs"]


def test_a_demonstration_is_not_backed_up(synth):
    stacks = synth(target="dev", ephemeral="true")

    assert "BackupStack" not in stacks
    assert "backup-vault-name" not in str(stacks["ObservabilityStack"].body)
