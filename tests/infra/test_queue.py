"""No change is lost between the bucket and the tracker."""

import json
import re

import pytest

from size_history.messages import ReconcileEveryBucket, ReconcileRequest
from size_tracking.events import parse
from tests.infra.templates import text

QUEUE = "AWS::SQS::Queue"
RULE = "AWS::Events::Rule"


def rule(application, by):
    """Return the only rule that goes by `EventPattern` or by `ScheduleExpression`."""
    (found,) = [properties for properties in application.all(RULE) if by in properties]
    return found


def test_a_message_that_fails_five_times_goes_to_the_dead_letter_queue(application):
    queue = application.properties("QueueUrl")

    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [application.by_output("DlqUrl"), "Arn"]},
        "maxReceiveCount": 5,
    }


@pytest.mark.parametrize("by", ["EventPattern", "ScheduleExpression"])
def test_an_event_that_cannot_be_delivered_goes_to_a_queue_of_its_own(application, by):
    (target,) = rule(application, by)["Targets"]

    assert target["Arn"] == {"Fn::GetAtt": [application.by_output("QueueUrl"), "Arn"]}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [application.by_output("RuleDlqUrl"), "Arn"]}}


def test_a_message_stays_hidden_six_times_as_long_as_the_tracker_may_run(application):
    queue = application.properties("QueueUrl")
    _, tracker = application.function("size-tracking")

    assert tracker["Timeout"] == 30
    assert queue["VisibilityTimeout"] == 6 * tracker["Timeout"]


def test_every_queue_is_encrypted_and_keeps_messages_for_a_fortnight(application):
    queues = application.all(QUEUE)

    assert len(queues) == 3
    for queue in queues:
        assert queue["SqsManagedSseEnabled"] is True
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert "FifoQueue" not in queue


@pytest.mark.parametrize("output", ["QueueUrl", "RuleDlqUrl"])
def test_eventbridge_may_send_to_a_queue_for_these_rules_alone(application, output):
    queue = application.by_output(output)

    statements = [
        statement
        for policy in application.all("AWS::SQS::QueuePolicy")
        if policy["Queues"] == [{"Ref": queue}]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]

    admitted = {"ArnEquals": [], "ArnLike": []}
    for statement in statements:
        ((operator, condition),) = statement["Condition"].items()
        admitted[operator].append(text(condition["aws:SourceArn"]))
        assert "sqs:SendMessage" in statement["Action"]
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert sorted(admitted["ArnEquals"]) == sorted(f"${{{rule}.Arn}}" for rule in application.ids(RULE))
    (added,) = admitted["ArnLike"]
    assert re.search(r":rule/tidemark-(prod|dev|local)-track-\*$", added)


def test_the_rule_takes_what_changes_the_data_buckets_listing_and_nothing_else(application):
    changes = rule(application, "EventPattern")
    (bucket,) = changes["EventPattern"]["detail"]["bucket"]["name"]

    assert changes["State"] == "ENABLED"
    assert changes["EventPattern"]["source"] == ["aws.s3"]
    assert changes["EventPattern"]["detail-type"] == ["Object Created", "Object Deleted"]
    assert set(changes["EventPattern"]["detail"]) == {"bucket"}
    assert application.body["Parameters"][bucket["Ref"]]["Default"].endswith("/data-bucket-name")


def test_once_a_day_the_tracker_is_told_to_reconcile_every_bucket(application):
    daily = rule(application, "ScheduleExpression")
    (target,) = daily["Targets"]

    assert daily["State"] == "ENABLED"
    assert daily["ScheduleExpression"] == "rate(1 day)"
    assert parse(target["Input"]) == ReconcileEveryBucket()


def test_further_buckets_are_tracked_by_name(synth):
    names = [f"bucket-{number}" for number in range(1, 7)]
    application = synth(target="prod", trackedBuckets=",".join(names))["LambdaStack"]

    patterns = [found["EventPattern"] for found in application.all(RULE) if "EventPattern" in found]
    sent = [
        parse(target["Input"])
        for found in application.all(RULE)
        if "ScheduleExpression" in found
        for target in found["Targets"]
    ]

    assert names in [pattern["detail"]["bucket"]["name"] for pattern in patterns]
    assert {tuple(pattern["detail-type"]) for pattern in patterns} == {("Object Created", "Object Deleted")}
    assert sent == [ReconcileEveryBucket(), *(ReconcileRequest(name) for name in names)]
    assert application.body["Outputs"]["TrackedBuckets"]["Value"] == ",".join(names)


@pytest.mark.parametrize(("count", "length"), [(20, 63), (20, 86), (6, 255)])
def test_the_maximum_of_buckets_tracked_by_name_stays_within_awss_limits(synth, count, length):
    names = [f"{number:02}-".ljust(length, "a") for number in range(count)]

    application = synth(target="prod", trackedBuckets=",".join(names))["LambdaStack"]

    for found in application.all(RULE):
        assert len(found["Targets"]) <= 5
        assert len(json.dumps(found.get("EventPattern"))) <= 2048
    for policy in application.all("AWS::SQS::QueuePolicy"):
        assert len(policy["PolicyDocument"]["Statement"]) <= 20
        assert len(json.dumps(policy["PolicyDocument"])) <= 8192
    for policy in application.all("AWS::IAM::Policy"):
        assert len(json.dumps(policy["PolicyDocument"])) <= 10_240


def test_the_tracker_may_fail_single_messages_of_a_batch(application):
    mapping = application.one("AWS::Lambda::EventSourceMapping")

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": [application.by_output("QueueUrl"), "Arn"]}


@pytest.mark.parametrize(
    ("context", "size", "window"),
    [
        ({"target": "prod"}, 10, 0),
        ({"target": "dev"}, 10, 0),
        ({"target": "local"}, 10, 0),
        ({"target": "prod", "queueProfile": "high-volume"}, 48, 1),
    ],
)
def test_the_default_profile_waits_for_no_batch_and_high_volume_a_second_for_48(synth, context, size, window):
    mapping = synth(**context)["LambdaStack"].one("AWS::Lambda::EventSourceMapping")

    assert (mapping["BatchSize"], mapping.get("MaximumBatchingWindowInSeconds", 0)) == (size, window)
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}


def test_the_tracker_may_send_to_the_queue_that_feeds_it_forever_and_no_other_function_may(
    application, service
):
    loop = application.function(service)[1].get("RecursiveLoop")

    assert loop == ("Allow" if service == "size-tracking" else None)
