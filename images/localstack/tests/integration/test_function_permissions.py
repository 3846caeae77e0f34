"""Functions have the permissions of their roles, and LocalStack has no more when it works for a function."""

import json

import pytest
from callers import ACCOUNT, TRUST, allow, refused, usage

from harness import REGION, until

CALLS_S3 = """
    import boto3
    def handler(event, context):
        print("it runs")
        boto3.client("s3").head_object(**event)
"""
LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]


@pytest.fixture
def checked_function(functions, caller):
    image = functions.image(CALLS_S3)
    name = functions.create_unready(image, Role=caller.arn)
    functions.ready(name)
    return name


def test_a_function_has_the_permissions_of_its_role(functions, caller, bucket, checked_function):
    event = {"Bucket": bucket, "Key": "there"}

    answer = functions.invoke(checked_function, event)
    assert answer.error == "Unhandled"
    assert "(403)" in answer.payload["errorMessage"]
    caller.may(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    assert functions.invoke(checked_function, event).error is None


def test_a_function_without_the_permission_to_write_its_log_has_none(
    localstack, functions, caller, bucket, checked_function
):
    event = {"Bucket": bucket, "Key": "there"}
    group = f"/aws/lambda/{checked_function}"
    caller.may(allow("s3:GetObject", "*"))
    functions.invoke(checked_function, event)
    until(lambda: usage(localstack, caller.arn).keys() & refused_logs(localstack, caller))

    caller.may(allow("s3:GetObject", "*"), allow(LOGS, f"arn:aws:logs:*:*:log-group:{group}:*"))
    functions.invoke(checked_function, event)
    lines = until(lambda: localstack.log_lines(group))
    assert lines.count("it runs") == 1


def refused_logs(localstack, caller):
    rows = usage(localstack, caller.arn).items()
    return {row for row, (_, refusals) in rows if row[0].startswith("logs:") and refusals}


def test_a_log_group_that_exists_need_not_be_created(localstack, functions, caller, bucket, checked_function):
    group = f"/aws/lambda/{checked_function}"
    localstack.client("logs").create_log_group(logGroupName=group)
    caller.may(allow("s3:GetObject", "*"), allow(LOGS[1:], f"arn:aws:logs:*:*:log-group:{group}:*"))

    functions.invoke(checked_function, {"Bucket": bucket, "Key": "there"})

    until(lambda: "it runs" in localstack.log_lines(group))
    assert not refused_logs(localstack, caller)


def test_a_mapping_is_refused_until_the_role_may_read_the_queue(
    functions, caller, name, queue, checked_function
):
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    caller.may(allow(["sqs:ReceiveMessage", "sqs:DeleteMessage"], arn))
    message = "The provided execution role does not have permissions to call GetQueueAttributes on SQS"
    mapping = {"FunctionName": checked_function, "EventSourceArn": arn}

    with refused("InvalidParameterValueException", status=400, message=message):
        functions.client.create_event_source_mapping(**mapping)
    caller.may(allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], arn))
    functions.client.create_event_source_mapping(**mapping)


def test_a_function_is_refused_if_lambda_may_not_assume_its_role(functions, localstack, name):
    trust = json.dumps(TRUST).replace("lambda.", "ec2.")
    role = localstack.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    with refused(
        "InvalidParameterValueException",
        status=400,
        message="The role defined for the function cannot be assumed by Lambda.",
    ):
        functions.create_unready(functions.image(CALLS_S3), Role=role)
