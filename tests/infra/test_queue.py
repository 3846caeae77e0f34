"""No change is lost between the bucket and the tracker."""

import json
import re

import pytest

from infra_cdk.names import added_rule
from size_history.messages import ReconcileEveryBucket, WatchEveryBucket
from size_tracking.event_path import admits
from size_tracking.events import parse
from tests.infra.templates import resolved, text

QUEUE = "AWS::SQS::Queue"
RULE = "AWS::Events::Rule"


ADDED_POLICY_CHARACTERS = 400
"""More than make track takes of a role's policies for a bucket with a name of 63 characters."""


def changes(application):
    """Return the only rule for changes of the data bucket."""
    (found,) = [properties for properties in application.all(RULE) if "EventPattern" in properties]
    return found


def scheduled(application, message):
    """Return the rule that sends a message regularly."""
    (found,) = [
        properties
        for properties in application.all(RULE)
        if "ScheduleExpression" in properties and parse(properties["Targets"][0]["Input"]) == message
    ]
    return found


def policy_of(application, queue):
    """Return the statements of a queue's policy."""
    return [
        statement
        for policy in application.all("AWS::SQS::QueuePolicy")
        if policy["Queues"] == [{"Ref": queue}]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def test_a_message_that_fails_five_times_goes_to_the_dead_letter_queue(application):
    queue = application.properties("QueueUrl")

    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [application.by_output("DlqUrl"), "Arn"]},
        "maxReceiveCount": 5,
    }


def test_an_event_that_cannot_be_delivered_goes_to_a_queue_of_its_own(application):
    undelivered = {"Arn": {"Fn::GetAtt": [application.by_output("RuleDlqUrl"), "Arn"]}}

    for found in application.all(RULE):
        (target,) = found["Targets"]
        assert target["Arn"] == {"Fn::GetAtt": [application.by_output("QueueUrl"), "Arn"]}
        assert target["DeadLetterConfig"] == undelivered


def test_a_message_stays_hidden_six_times_as_long_as_the_tracker_may_run(application):
    queue = application.properties("QueueUrl")
    _, tracker = application.function("size-tracking")

    assert tracker["Timeout"] == 30
    assert queue["VisibilityTimeout"] == 6 * tracker["Timeout"]


def test_every_queue_is_encrypted(application):
    queues = application.all(QUEUE)

    assert len(queues) == 3
    for queue in queues:
        assert queue["SqsManagedSseEnabled"] is True
        assert "FifoQueue" not in queue


def test_a_dead_letter_can_be_looked_at_for_a_week_although_its_age_counts_from_its_first_sending(
    application,
):
    days = {
        output: application.properties(output)["MessageRetentionPeriod"] / (24 * 3600)
        for output in ("QueueUrl", "DlqUrl", "RuleDlqUrl")
    }

    assert days == {"QueueUrl": 7, "DlqUrl": 14, "RuleDlqUrl": 14}


@pytest.mark.parametrize("output", ["QueueUrl", "RuleDlqUrl"])
def test_eventbridge_may_send_to_a_queue_for_these_rules_alone(application, output):
    queue = application.by_output(output)

    (statement,) = [
        statement for statement in policy_of(application, queue) if statement["Effect"] == "Allow"
    ]

    *own, added = (text(rule) for rule in statement["Condition"]["ArnLike"]["aws:SourceArn"])
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert list(statement["Condition"]) == ["ArnLike"]
    assert own == [f"${{{rule}.Arn}}" for rule in application.ids(RULE)]
    assert re.search(r":rule/tidemark-(prod|dev|local)-track-\*$", added)


def test_the_watch_finds_the_queue_open_for_these_rules_and_for_no_other(application, target):
    """Otherwise the watch would call a bucket deaf that is heard, or heard that is deaf."""
    policy = {"Statement": resolved(policy_of(application, application.by_output("QueueUrl")))}
    own = [f"${{{rule}.Arn}}" for rule in application.ids(RULE)]
    arn = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/"

    assert own
    for rule in [*own, arn + added_rule(target, "their-bucket")]:
        assert admits(policy, rule)
    for rule in (f"{arn}someone-elses", arn + added_rule("another", "their-bucket")):
        assert not admits(policy, rule)


def test_the_rule_takes_what_changes_the_data_buckets_listing_and_nothing_else(application):
    found = changes(application)
    (bucket,) = found["EventPattern"]["detail"]["bucket"]["name"]

    assert found["State"] == "ENABLED"
    assert found["EventPattern"]["source"] == ["aws.s3"]
    assert found["EventPattern"]["detail-type"] == ["Object Created", "Object Deleted"]
    assert set(found["EventPattern"]["detail"]) == {"bucket"}
    assert application.body["Parameters"][bucket["Ref"]]["Default"].endswith("/data-bucket-name")


def test_once_a_day_the_tracker_is_told_to_reconcile_every_bucket(application):
    daily = scheduled(application, ReconcileEveryBucket())

    assert (daily["State"], daily["ScheduleExpression"]) == ("ENABLED", "rate(1 day)")


@pytest.mark.parametrize(
    ("context", "rate"),
    [
        ({"target": "prod"}, "rate(5 minutes)"),
        ({"target": "dev"}, "rate(5 minutes)"),
        ({"target": "local"}, "rate(1 minute)"),
        ({"target": "prod", "watchMinutes": "2"}, "rate(2 minutes)"),
    ],
)
def test_every_few_minutes_the_tracker_is_told_to_check_whether_events_arrive(synth, context, rate):
    watch = scheduled(synth(**context)["LambdaStack"], WatchEveryBucket())

    assert (watch["State"], watch["ScheduleExpression"]) == ("ENABLED", rate)


def test_further_buckets_are_tracked_by_name_and_reconciled_once_a_day(synth):
    """A second request for a bucket would make the tracker go through its whole listing twice."""
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
    assert sent == [ReconcileEveryBucket(), WatchEveryBucket()]
    assert application.body["Outputs"]["TrackedBuckets"]["Value"] == ",".join(names)


@pytest.mark.parametrize(("count", "length"), [(20, 63), (20, 86), (6, 255)])
def test_the_maximum_of_buckets_tracked_by_name_stays_within_awss_limits(synth, count, length):
    names = [f"{number:02}-".ljust(length, "a") for number in range(count)]

    application = synth(target="prod", trackedBuckets=",".join(names))["LambdaStack"]

    for found in application.all(RULE):
        assert len(found["Targets"]) <= 5
        assert len(json.dumps(found.get("EventPattern"))) <= 2048
    for policy in application.all("AWS::SQS::QueuePolicy"):
        assert len(policy["PolicyDocument"]["Statement"]) <= 2  # AWS allows 20
        assert len(json.dumps(policy["PolicyDocument"])) <= 8192
    for policy in application.all("AWS::IAM::Policy"):
        taken = len(json.dumps(resolved(policy["PolicyDocument"]), separators=(",", ":")))
        assert taken + 10 * ADDED_POLICY_CHARACTERS <= 10_240


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
