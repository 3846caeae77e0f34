"""What to do about a stuck stack.

No account was at hand to record events in: those in events/ have the fields, the order and the reasons that CloudFormation
documents and that users of notification custom resources report.
"""

import json
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber

from tests.unit.tools.operations.stand_ins import StoodIn
from tidemark.deliver.recover import STACK_TYPE, Failure, failures, recover, remedy
from tidemark.errors import CommandError

EVENTS = Path(__file__).parent / "events"
STACK = "Tidemark-prod-StorageStack"
ARN = f"arn:aws:cloudformation:eu-central-1:123456789012:stack/{STACK}/5b1a0c10-c5f3-11f0-8c0e-0a3f1e9d7b55"


@pytest.fixture
def cloudformation():
    """Yield a client and its stubber, which fails the test for a call that was not expected or not made."""
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    client = boto3.client("cloudformation", region_name="eu-central-1", **keys)
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def described(status):
    stack = {
        "StackName": STACK,
        "StackId": ARN,
        "StackStatus": status,
        "CreationTime": "2026-11-20T10:00:00Z",
    }
    return {"Stacks": [stack]}


def recorded(name):
    return json.loads((EVENTS / f"{name}.json").read_text())


def test_the_failure_of_a_notification_whose_bucket_is_gone_is_found_on_the_third_page(
    cloudformation, capsys
):
    client, stub = cloudformation
    stub.add_response("describe_stacks", described("DELETE_FAILED"), {"StackName": STACK})
    for number, events in enumerate(recorded("no-such-bucket")[:3]):  # the last attempt begins on the third
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


def test_a_failure_of_an_earlier_attempt_does_not_count():
    events = [event for page in recorded("no-such-bucket") for event in page]

    found = [failure.logical_id for failure in failures(events, "DELETE_FAILED")]

    assert found == ["DataBucketNotificationsC3A7B1F2", "PlotBucket64E56909"]
    assert "HistoryTable24A0CCCB" in {event["LogicalResourceId"] for event in events}


def test_an_attempt_without_a_recorded_beginning_is_read_to_its_end():
    events = [event for page in recorded("no-such-bucket")[:-1] for event in page]

    assert len(failures(events, "DELETE_FAILED")) == 2


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


def test_an_update_that_was_taken_back_says_why():
    def event(logical_id, kind, status):
        physical = "arn" if kind == STACK_TYPE else logical_id.lower()
        return {
            "StackId": "arn",
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical,
            "ResourceType": kind,
            "ResourceStatus": status,
            "ResourceStatusReason": "Rollback successful",
        }

    events = [
        event("S", STACK_TYPE, "UPDATE_ROLLBACK_COMPLETE"),
        event("S", STACK_TYPE, "UPDATE_ROLLBACK_IN_PROGRESS"),
        event("SizeTrackingLive", "AWS::Lambda::Alias", "UPDATE_FAILED"),
        event("S", STACK_TYPE, "UPDATE_IN_PROGRESS"),
        event("Older", "AWS::SQS::Queue", "UPDATE_FAILED"),
    ]

    assert failures(events, "UPDATE_ROLLBACK_COMPLETE") == (
        Failure("SizeTrackingLive", "AWS::Lambda::Alias", "sizetrackinglive", "Rollback successful"),
    )


def test_a_stack_that_is_not_there_is_one_clear_line(cloudformation):
    client, stub = cloudformation
    stub.add_client_error("describe_stacks", "ValidationError", f"Stack with id {STACK} does not exist")

    with pytest.raises(
        CommandError, match=f"^there is no stack {STACK} in region eu-central-1: check STACK="
    ):
        recover(StoodIn({"cloudformation": client}), STACK)
