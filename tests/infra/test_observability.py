"""The alarms: what they watch, and that they reach people. The CloudWatch dashboard shows them all."""

import json

import pytest

from size_history.sources import SECOND, UNCHECKED_MICROSECONDS
from size_tracking.metrics import NAMESPACE
from tests.infra.templates import Stack, text

ALARM = "AWS::CloudWatch::Alarm"
EMAILS = "ada@example.com,bob@example.com"


@pytest.fixture
def observability(synth, aws_target) -> Stack:
    context = {"alarmEmails": EMAILS, "trackedBuckets": "their-bucket"}
    return synth(target=aws_target, **context)["ObservabilityStack"]


def alarms(stack, metric) -> list[dict]:
    return [alarm for alarm in stack.all(ALARM) if alarm.get("MetricName") == metric]


def dimensions(alarm) -> str:
    (dimension,) = alarm["Dimensions"]
    return text(dimension["Value"])


def test_everybody_named_in_the_settings_is_asked_to_subscribe(observability):
    assert {
        (subscription["Protocol"], subscription["Endpoint"])
        for subscription in observability.all("AWS::SNS::Subscription")
    } == {("email", "ada@example.com"), ("email", "bob@example.com")}


def test_every_alarm_tells_when_it_begins_and_when_it_ends(observability):
    (topic,) = observability.ids("AWS::SNS::Topic")

    for alarm in observability.all(ALARM):
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]
        assert text(alarm["AlarmDescription"]).startswith("Tidemark-")


def test_the_topics_key_lets_cloudwatch_encrypt_or_no_alarm_would_arrive(observability):
    key = observability.one("AWS::KMS::Key")
    actions = [
        statement["Action"]
        for statement in key["KeyPolicy"]["Statement"]
        if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    ]

    assert actions == [["kms:Decrypt", "kms:GenerateDataKey*"]]
    assert key["EnableKeyRotation"] is True
    assert observability.one("AWS::SNS::Topic")["KmsMasterKeyId"] == {
        "Fn::GetAtt": [observability.ids("AWS::KMS::Key")[0], "Arn"]
    }


def test_the_topic_takes_alarms_of_this_account_and_nothing_without_tls(observability):
    allowed, denied = sorted(
        observability.one("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"],
        key=lambda statement: statement["Effect"],
    )

    assert (allowed["Effect"], allowed["Action"]) == ("Allow", "sns:Publish")
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert text(allowed["Condition"]["ArnLike"]["aws:SourceArn"]).endswith(":${AWS::AccountId}:alarm:*")
    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_dead_letter_is_told_and_stays_told_while_sqs_counts_no_more(observability):
    """SQS stops counting a queue that nobody touched for six hours; without data, nothing has become well."""
    told = alarms(observability, "ApproximateNumberOfMessagesVisible")

    assert len({dimensions(alarm) for alarm in told}) == 2
    for alarm in told:
        assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
        assert alarm["TreatMissingData"] == "ignore"


def test_a_late_history_is_told(observability):
    (alarm,) = alarms(observability, "ApproximateAgeOfOldestMessage")

    assert alarm["Threshold"] == 300
    assert alarm["EvaluationPeriods"] == 3


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_functions_errors_and_throttles_are_told(observability, metric):
    told = alarms(observability, metric)

    assert len({dimensions(alarm) for alarm in told}) == 3
    assert {(alarm["Namespace"], alarm["Threshold"]) for alarm in told} == {("AWS/Lambda", 0)}


def test_a_bucket_over_the_threshold_is_told(synth):
    observability = synth(
        target="prod", trackedBuckets="their-bucket", bucketThresholdGiB="3", alarmEmails=EMAILS
    )["ObservabilityStack"]

    told = alarms(observability, "TotalSize")

    assert {dimensions(alarm) for alarm in told} == {"${DataBucketName}", "their-bucket"}
    for alarm in told:
        assert alarm["Namespace"] == NAMESPACE
        assert alarm["Threshold"] == 3 * 2**30
        assert alarm["TreatMissingData"] == "ignore"


def test_a_bucket_whose_events_do_not_arrive_is_told(observability):
    (alarm,) = [each for each in alarms(observability, "UnheardBuckets") if each["Statistic"] == "Maximum"]

    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (300, 1)
    assert alarm["TreatMissingData"] == "ignore"
    assert dimensions(alarm) == "${SizeTrackingFunctionName}"


def test_a_watch_that_has_stopped_is_told_when_readers_are_told(observability):
    """Without a check nothing is known: 15 minutes without a value are an alarm, as no data is here."""
    (alarm,) = [
        each for each in alarms(observability, "UnheardBuckets") if each["Statistic"] == "SampleCount"
    ]

    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "LessThanThreshold")
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["EvaluationPeriods"] * alarm["Period"] * SECOND == UNCHECKED_MICROSECONDS
    assert dimensions(alarm) == "${SizeTrackingFunctionName}"


@pytest.mark.parametrize("minutes", range(1, 6))
def test_the_watch_checks_at_least_once_in_every_period_of_its_alarms(synth, minutes):
    stacks = synth(target="prod", watchMinutes=str(minutes))

    periods = {alarm["Period"] for alarm in alarms(stacks["ObservabilityStack"], "UnheardBuckets")}

    assert min(periods) >= 60 * minutes


@pytest.mark.parametrize("metric", ["DriftHealedKeys", "ReconcileRefusedKeys"])
def test_what_a_reconcile_healed_in_a_live_bucket_or_could_not_read_is_told_for_every_bucket(
    observability, metric
):
    """A bucket that make track added has no alarm of its own; that of the tracker covers it."""
    told = {dimensions(alarm): alarm for alarm in alarms(observability, metric)}

    assert set(told) == {"${DataBucketName}", "their-bucket", "${SizeTrackingFunctionName}"}
    for dimension, alarm in told.items():
        lasts = dimension != "${SizeTrackingFunctionName}"
        assert (alarm["Namespace"], alarm["Threshold"]) == (NAMESPACE, 0)
        assert alarm["TreatMissingData"] == ("ignore" if lasts else "notBreaching")


def test_rollups_that_had_to_be_corrected_are_told(observability):
    (alarm,) = alarms(observability, "RollupDrift")

    assert dimensions(alarm) == "${SizeTrackingFunctionName}"
    assert (alarm["Namespace"], alarm["Threshold"]) == (NAMESPACE, 0)
    assert alarm["TreatMissingData"] == "notBreaching"


def test_a_failed_backup_is_told(observability):
    (alarm,) = alarms(observability, "NumberOfBackupJobsFailed")

    assert "BackupVaultName" in dimensions(alarm)


def test_the_dashboard_shows_every_alarm_and_every_metric_of_the_functions_own(observability):
    body = _dashboard(observability)
    shown = str(body)

    (status,) = [widget for widget in body["widgets"] if widget["type"] == "alarm"]
    assert len(status["properties"]["alarms"]) == len(observability.ids(ALARM))
    for metric in (
        "TotalSize",
        "ObjectCount",
        "EventLag",
        "CommitConflicts",
        "ReconcileHealedKeys",
        "DriftHealedKeys",
        "ReconcileRefusedKeys",
        "Heard",
        "AnswerTime",
    ):
        assert f'MetricName=\\"{metric}\\"' in shown or f'MetricName="{metric}"' in shown


def test_what_the_stack_makes_needs_no_right_to_anything_else(observability):
    assert observability.ids("AWS::IAM::Role") == []


def _dashboard(stack) -> dict:
    parts = stack.one("AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Join"][1]
    return json.loads("".join(part if isinstance(part, str) else "reference" for part in parts))
