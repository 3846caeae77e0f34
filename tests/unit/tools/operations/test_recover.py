"""What to do about a stuck stack.

No account was at hand to record events in: those of ATTEMPTS have the fields, the order and the reasons that CloudFormation
documents and that users of notification custom resources report.
"""

import boto3
import pytest
from botocore.stub import Stubber

from tests.unit.tools.operations.stand_ins import StoodIn
from tidemark.deliver.recover import STACK_TYPE, Failure, failures, recover, remedy
from tidemark.errors import CommandError

STACK = "Tidemark-prod-StorageStack"
ARN = f"arn:aws:cloudformation:eu-central-1:123456789012:stack/{STACK}/5b1a0c10-c5f3-11f0-8c0e-0a3f1e9d7b55"


def event(logical_id, kind, status, reason=None, *, name=""):
    """Return an event of a resource, or of the stack itself; its physical name is by default its logical one."""
    return {
        "StackId": ARN,
        "StackName": STACK,
        "EventId": f"{logical_id}-{status}",
        "Timestamp": "2026-11-20T12:05:40.310Z",
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": ARN if kind == STACK_TYPE else name or logical_id,
        "ResourceType": kind,
        "ResourceStatus": status,
    } | ({"ResourceStatusReason": reason} if reason else {})


NOTIFICATIONS = ("DataBucketNotificationsC3A7B1F2", "Custom::S3BucketNotifications")
PLOTS = ("PlotBucket64E56909", "AWS::S3::Bucket")
PLOT_BUCKET = "tidemark-prod-storagestack-plotbucket64e56909-x1y2z3"
HISTORY = ("HistoryTable24A0CCCB", "AWS::DynamoDB::Table")
ITSELF = (STACK, STACK_TYPE)
NO_BUCKET = """Received response status [FAILED] from custom resource. Message returned: An error occurred (NoSuchBucket) \
when calling the PutBucketNotificationConfiguration operation:
The specified bucket does not exist. (RequestId: 1f3c9a52-6f0e-4a1d-9b7e-2d0c5e8a4b61)"""
LAST_ATTEMPT = (
    [
        event(*ITSELF, "DELETE_FAILED", f"The following resource(s) failed to delete: [{PLOTS[0]}]. "),
        event(*HISTORY, "DELETE_SKIPPED"),
        event(*PLOTS, "DELETE_FAILED", "The bucket you tried to delete is not empty", name=PLOT_BUCKET),
    ],
    [
        event(*PLOTS, "DELETE_IN_PROGRESS", name=PLOT_BUCKET),
        event("BucketNotificationsHandler050A0587", "AWS::Lambda::Function", "DELETE_COMPLETE"),
    ],
    [
        event(*NOTIFICATIONS, "DELETE_FAILED", NO_BUCKET),
        event(*NOTIFICATIONS, "DELETE_IN_PROGRESS"),
        event(*ITSELF, "DELETE_IN_PROGRESS", "User Initiated"),
    ],
)
"""The pages of events of a deletion, newest first."""
EARLIER = [
    event(*ITSELF, "DELETE_FAILED", f"The following resource(s) failed to delete: [{HISTORY[0]}]. "),
    event(
        *HISTORY, "DELETE_FAILED", "Resource cannot be deleted as it is currently protected against deletion."
    ),
    event(*ITSELF, "DELETE_IN_PROGRESS", "User Initiated"),
    event(*ITSELF, "CREATE_COMPLETE"),
]


@pytest.fixture
def cloudformation():
    """Yield a client and its stubber, which fails the test for a call that was not expected or not made."""
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    client = boto3.client("cloudformation", region_name="eu-central-1", **keys)
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def test_the_failure_of_a_notification_whose_bucket_is_gone_is_found_on_the_third_page(
    cloudformation, capsys
):
    client, stub = cloudformation
    stack = {
        "StackName": STACK,
        "StackId": ARN,
        "StackStatus": "DELETE_FAILED",
        "CreationTime": "2026-11-20T10:00:00Z",
    }
    stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": STACK})
    for number, events in enumerate(LAST_ATTEMPT):  # that begins on the third page, and there is a fourth
        token = {"NextToken": f"page-{number}"} if number else {}
        answer = {"StackEvents": events, "NextToken": f"page-{number + 1}"}
        stub.add_response("describe_stack_events", answer, {"StackName": ARN, **token})

    recover(StoodIn({"cloudformation": client}), STACK)

    assert capsys.readouterr().out.splitlines() == [
        f"{STACK} is DELETE_FAILED",
        (
            "  DataBucketNotificationsC3A7B1F2 (Custom::S3BucketNotifications, DataBucketNotificationsC3A7B1F2): "
            "Received response status [FAILED] from custom resource. Message returned: An error occurred "
            "(NoSuchBucket) when calling the PutBucketNotificationConfiguration operation: The specified bucket "
            "does not exist. (RequestId: 1f3c9a52-6f0e-4a1d-9b7e-2d0c5e8a4b61)"
        ),
        (
            "  PlotBucket64E56909 (AWS::S3::Bucket, tidemark-prod-storagestack-plotbucket64e56909-x1y2z3): "
            "The bucket you tried to delete is not empty"
        ),
        "# delete the stack without what it cannot delete (2):",
        (
            f"aws cloudformation delete-stack --region eu-central-1 --stack-name {STACK} "
            "--retain-resources DataBucketNotificationsC3A7B1F2 PlotBucket64E56909"
        ),
        f"aws cloudformation wait stack-delete-complete --region eu-central-1 --stack-name {STACK}",
        "# only if that fails too, have the stack forget whatever it cannot delete:",
        (
            f"aws cloudformation delete-stack --region eu-central-1 --stack-name {STACK} "
            "--deletion-mode FORCE_DELETE_STACK"
        ),
        f"aws cloudformation wait stack-delete-complete --region eu-central-1 --stack-name {STACK}",
        "# these remove the retained resources that still exist, DATA INCLUDED:",
        "aws s3 rb s3://tidemark-prod-storagestack-plotbucket64e56909-x1y2z3 --force --region eu-central-1",
    ]


@pytest.mark.parametrize("earlier", [EARLIER, []], ids=["an earlier attempt", "no recorded beginning"])
def test_only_the_failures_of_the_last_attempt_count(earlier):
    events = [event for page in LAST_ATTEMPT for event in page]

    found = failures([*events, *earlier] if earlier else events[:-1], "DELETE_FAILED")

    assert [failure.logical_id for failure in found] == [NOTIFICATIONS[0], PLOTS[0]]


CALL, TAIL = "aws cloudformation", "--region eu-central-1 --stack-name S"
DELETION = [f"{CALL} delete-stack {TAIL}", f"{CALL} wait stack-delete-complete {TAIL}"]
ROLLBACK = [
    f"{CALL} continue-update-rollback {TAIL} --resources-to-skip Role Queue",
    f"{CALL} wait stack-rollback-complete {TAIL}",
]


@pytest.mark.parametrize(
    ("status", "commands"),
    [
        ("UPDATE_ROLLBACK_FAILED", ROLLBACK),
        ("ROLLBACK_COMPLETE", DELETION),
        ("ROLLBACK_FAILED", DELETION),
        ("CREATE_FAILED", DELETION),
        ("UPDATE_ROLLBACK_COMPLETE", []),
        ("CREATE_COMPLETE", []),
        ("UPDATE_IN_PROGRESS", []),
    ],
)
def test_each_status_has_its_own_way_out_and_only_a_failed_deletion_retains_resources(status, commands):
    failed = [Failure("Role", "AWS::IAM::Role", "r", "why"), Failure("Queue", "AWS::SQS::Queue", "", "why")]

    lines = remedy("S", "eu-central-1", status, failed)

    assert [line for line in lines if not line.startswith("#")] == commands


@pytest.mark.parametrize(("protected", "first"), [(True, "update-termination-protection"), (False, "delete")])
def test_a_stack_with_termination_protection_loses_it_before_it_is_deleted(protected, first):
    lines = list(remedy("S", "eu-central-1", "ROLLBACK_COMPLETE", [], protected=protected))

    commands = [line for line in lines if not line.startswith("#")]
    assert commands[-2:] == DELETION
    assert commands[0].startswith(f"{CALL} {first}")
    assert commands[:-2] == ([f"{CALL} {first} {TAIL} --no-enable-termination-protection"] * protected)


def test_an_update_that_was_taken_back_says_why():
    events = [
        event(*ITSELF, "UPDATE_ROLLBACK_COMPLETE"),
        event(*ITSELF, "UPDATE_ROLLBACK_IN_PROGRESS"),
        event("SizeTrackingLive", "AWS::Lambda::Alias", "UPDATE_FAILED", "Rollback successful", name="live"),
        event(*ITSELF, "UPDATE_IN_PROGRESS"),
        event("Older", "AWS::SQS::Queue", "UPDATE_FAILED"),
    ]

    assert failures(events, "UPDATE_ROLLBACK_COMPLETE") == (
        Failure("SizeTrackingLive", "AWS::Lambda::Alias", "live", "Rollback successful"),
    )


def test_a_stack_that_is_not_there_is_one_clear_line(cloudformation):
    client, stub = cloudformation
    stub.add_client_error("describe_stacks", "ValidationError", f"Stack with id {STACK} does not exist")

    with pytest.raises(
        CommandError, match=f"^there is no stack {STACK} in region eu-central-1: check STACK="
    ):
        recover(StoodIn({"cloudformation": client}), STACK)
