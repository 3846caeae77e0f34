"""The backups outlive the tables, and their vault outlives its stack."""

import pytest

from tests.infra.templates import Stack, grants, text

TABLE = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"
TABLES = {TABLE + "${HistoryTableName}", TABLE + "${LedgerTableName}"}


@pytest.fixture
def backup(synth, aws_target) -> Stack:
    return synth(target=aws_target)["BackupStack"]


def test_both_tables_are_backed_up(backup):
    selection = backup.one("AWS::Backup::BackupSelection")["BackupSelection"]

    assert {text(resource) for resource in selection["Resources"]} == TABLES


def test_every_day_for_five_weeks_and_every_month_for_a_year(backup):
    rules = backup.one("AWS::Backup::BackupPlan")["BackupPlan"]["BackupPlanRule"]

    assert {(rule["ScheduleExpression"], rule["Lifecycle"]["DeleteAfterDays"]) for rule in rules} == {
        ("cron(0 3 * * ? *)", 35),
        ("cron(0 3 1 * ? *)", 365),
    }


def test_the_vault_stays_when_its_stack_goes(backup):
    (vault,) = backup.ids("AWS::Backup::BackupVault")

    assert backup.resources[vault]["DeletionPolicy"] == "Retain"


def test_a_stack_made_again_after_its_end_does_not_want_the_name_of_the_vault_that_stayed(backup):
    prefix, identity = backup.one("AWS::Backup::BackupVault")["BackupVaultName"]["Fn::Join"][1]

    assert identity == {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    assert len(prefix) + len("12345678-1234-1234-1234-123456789012") <= 50


def test_the_backups_role_reaches_the_two_tables_and_the_vault_and_can_change_no_item(backup):
    allowed = grants(backup.statements("AWS::IAM::Policy"))

    on_tables = {action for action, resource in allowed if resource in TABLES}
    beyond = {resource for _, resource in allowed} - TABLES - {f"{table}/backup/*" for table in TABLES}
    assert on_tables == {
        "dynamodb:CreateBackup",
        "dynamodb:DescribeTable",
        "dynamodb:ListTagsOfResource",
        "dynamodb:StartAwsBackupJob",
    }
    assert beyond == {f"${{{backup.ids('AWS::Backup::BackupVault')[0]}.BackupVaultArn}}"}
    assert "ManagedPolicyArns" not in backup.one("AWS::IAM::Role")


def test_a_demonstration_is_not_backed_up(synth):
    stacks = synth(target="dev", ephemeral="true")

    assert "BackupStack" not in stacks
    assert "backup-vault-name" not in str(stacks["ObservabilityStack"].body)
