"""The stack itself turns on the events of existing buckets that the settings name, and nothing else of theirs."""

import json
from types import SimpleNamespace

import boto3
import pytest

from infra_cdk.settings import MAX_TRACKED_BUCKETS
from tests.infra.templates import grants

NOTIFICATIONS = "Custom::S3BucketNotifications"
LEGACY = "legacy." * 30
NAMES = ("their-bucket", "My_Bucket", LEGACY)


@pytest.fixture
def application(synth, aws_target):
    return synth(target=aws_target, trackedBuckets=",".join(NAMES))["LambdaStack"]


@pytest.fixture
def function(application):
    """Return the properties of the function that turns events on."""
    ((name,),) = (
        {resource["ServiceToken"]["Fn::GetAtt"][0]} for resource in application.all(NOTIFICATIONS)[:1]
    )
    return application.resources[name]["Properties"]


def test_every_named_bucket_sends_its_events_also_one_with_a_name_from_before_2018(application):
    resources = application.all(NOTIFICATIONS)

    assert sorted(resource["BucketName"] for resource in resources) == sorted(NAMES)
    for resource in resources:
        assert resource["NotificationConfiguration"] == {"EventBridgeConfiguration": {}}
        assert resource["Managed"] is False


def test_a_bucket_that_is_gone_or_leaves_the_settings_keeps_no_stack_from_its_update_or_end(application):
    for name in application.ids(NOTIFICATIONS):
        assert application.resources[name]["DeletionPolicy"] == "Retain"
        assert application.resources[name]["UpdateReplacePolicy"] == "Retain"


def test_the_function_may_change_the_notifications_of_the_named_buckets_and_write_its_own_log(
    application, function
):
    role = function["Role"]["Fn::GetAtt"][0]
    log = function["LoggingConfig"]["LogGroup"]["Ref"]
    allowed = grants(application.statements("AWS::IAM::Policy", role))
    arns = {f"arn:${{AWS::Partition}}:s3:::{name}" for name in NAMES}

    assert "ManagedPolicyArns" not in application.resources[role]["Properties"]
    assert {resource for action, resource in allowed if action.startswith("logs:")} == {f"${{{log}.Arn}}"}
    assert {pair for pair in allowed if pair[0].startswith("s3:")} == {
        (f"s3:{action}BucketNotification", arn) for action in ("Get", "Put") for arn in arns
    }
    assert {action.split(":")[0] for action, _ in allowed} == {"logs", "s3"}
    assert application.resources[log]["Properties"]["RetentionInDays"] == 30


def test_the_function_is_made_after_its_permissions(application, function):
    role = function["Role"]["Fn::GetAtt"][0]
    (policy,) = [
        name
        for name in application.ids("AWS::IAM::Policy")
        if application.resources[name]["Properties"]["Roles"] == [{"Ref": role}]
    ]

    for name in application.ids(NOTIFICATIONS):
        assert policy in application.resources[name]["DependsOn"]


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_the_other_notifications_of_the_bucket_stay_and_its_events_are_never_turned_off(
    application, function, monkeypatch, request_type
):
    theirs = [{"Id": "theirs", "QueueArn": "arn:aws:sqs:us-east-1:1:q", "Events": ["s3:ObjectCreated:*"]}]
    before = {"QueueConfigurations": theirs}
    if request_type != "Create":
        before["EventBridgeConfiguration"] = {}
    put = {}
    client = SimpleNamespace(
        get_bucket_notification_configuration=lambda Bucket: json.loads(json.dumps(before)),
        put_bucket_notification_configuration=lambda **request: put.update(request),
    )
    monkeypatch.setattr(boto3, "client", lambda service: client)
    code = {}
    exec(function["Code"]["ZipFile"], code)  # noqa: S102 - the code that the stack would run
    (properties,) = [each for each in application.all(NOTIFICATIONS) if each["BucketName"] == "their-bucket"]
    event = {"RequestType": request_type, "StackId": "stack", "ResourceProperties": _texts(properties)}
    answers = []
    code["submit_response"] = lambda event, context, *answer: answers.append(answer)

    code["handler"](event, None)

    assert answers == [("SUCCESS", "")]
    assert put["Bucket"] == "their-bucket"
    assert put["NotificationConfiguration"]["EventBridgeConfiguration"] == {}
    kept = put["NotificationConfiguration"]["QueueConfigurations"]
    if request_type == "Update":  # the CDK's code drops the ids, and S3 gives new ones
        kept, theirs = ([each | {"Id": ""} for each in listing] for listing in (kept, theirs))
    assert kept == theirs


def test_localstack_which_only_pretends_gets_none_of_it(synth):
    local = synth(target="local", trackedBuckets=",".join(NAMES))["LambdaStack"]

    assert local.ids(NOTIFICATIONS) == []
    assert len(local.ids("AWS::Lambda::Function")) == 3


def test_without_a_named_bucket_there_is_no_function_for_it(synth, aws_target):
    plain = synth(target=aws_target)["LambdaStack"]

    assert plain.ids(NOTIFICATIONS) == []
    assert len(plain.ids("AWS::Lambda::Function")) == 3


def test_the_maximum_of_named_buckets_fits_into_a_stack_and_into_the_functions_role(synth):
    names = [f"{number:02}-".ljust(86, "a") for number in range(MAX_TRACKED_BUCKETS)]
    application = synth(target="prod", trackedBuckets=",".join(names))["LambdaStack"]

    assert len(application.resources) <= 500
    assert len(json.dumps(application.body)) <= 1_000_000
    for name in application.ids(NOTIFICATIONS):
        assert len(name) <= 255


def _texts(properties):
    """Return a custom resource's properties as CloudFormation passes them on: a boolean is a text."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in properties.items()
        if name != "ServiceToken"
    }
