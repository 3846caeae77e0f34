"""Each probe asks an emulator for one thing that AWS does, and returns whether it does it.

docs/substrates.md has a row for each. A probe is also the smallest reproduction of what differs.
"""

import json
from contextlib import suppress

from botocore.exceptions import ClientError, PaginationError

from tests.substrates.probing import (
    ACCOUNT,
    Api,
    Stack,
    admitting,
    allow,
    attribute,
    happens,
    make_bucket,
    make_function,
    make_queue,
    make_role,
    make_rule,
    make_stack,
    mock_api,
    new_name,
    policy,
    put_event,
    received,
    refused,
    session_client,
)

NOTHING = "def handler(event, context): pass"
"""The source of a function that does nothing."""


def updates_a_stack(it):
    stack = Stack(it, {"Bucket": {"Type": "AWS::S3::Bucket"}})
    versioned = {"VersioningConfiguration": {"Status": "Enabled"}}

    stack.update({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": versioned}})

    versioning = it.client("s3").get_bucket_versioning(Bucket=stack.physical("Bucket"))
    return versioning.get("Status") == "Enabled"


def rolls_a_failed_update_back(it):
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 30}}
    stack = Stack(it, {"Queue": queue})
    taken = {"Name": new_name(), "Type": "String", "Value": "1"}
    it.client("ssm").put_parameter(**taken)
    failing = {"Type": "AWS::SSM::Parameter", "DependsOn": "Queue", "Properties": taken}

    stack.update({"Queue": {**queue, "Properties": {"VisibilityTimeout": 60}}, "Failing": failing})

    before = attribute(it, stack.physical("Queue"), "VisibilityTimeout") == "30"
    return before and stack.status == "UPDATE_ROLLBACK_COMPLETE"


def retains_a_resource(it):
    stack = Stack(it, {"Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}})
    bucket = stack.physical("Bucket")

    stack.delete()

    return not refused(it.client("s3").head_bucket, Bucket=bucket)


def calls_the_function_of_a_custom_resource(it):
    source = """
        import json, urllib.request

        def handler(event, context):
            ids = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
            answer = {"Status": "SUCCESS", "PhysicalResourceId": "thing", "Data": {"Said": "hello"}, **ids}
            body = json.dumps(answer).encode()
            request = urllib.request.Request(event["ResponseURL"], body, {"Content-Type": ""}, method="PUT")
            urllib.request.urlopen(request, timeout=5)
    """
    token = make_function(it, source, Timeout=10)
    said = {"Type": "String", "Value": {"Fn::GetAtt": ["Thing", "Said"]}}

    stack = make_stack(
        it,
        {
            "Thing": {"Type": "Custom::Thing", "Properties": {"ServiceToken": token}},
            "Said": {"Type": "AWS::SSM::Parameter", "Properties": said},
        },
    )

    if stack is None:
        return False
    return it.client("ssm").get_parameter(Name=stack.physical("Said"))["Parameter"]["Value"] == "hello"


def makes_codedeploy_applications(it):
    properties = {"ComputePlatform": "Lambda"}

    stack = make_stack(
        it, {"Application": {"Type": "AWS::CodeDeploy::Application", "Properties": properties}}
    )

    return stack is not None and not refused(
        it.client("codedeploy").get_application, applicationName=stack.physical("Application")
    )


def makes_backup_selections(it):
    rule = {"RuleName": "daily", "TargetBackupVault": {"Ref": "Vault"}}
    plan = {"BackupPlanName": new_name(), "BackupPlanRule": [rule]}
    selection = {
        "SelectionName": "all",
        "Resources": ["*"],
        "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/test",
    }

    stack = make_stack(
        it,
        {
            "Vault": {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": new_name()}},
            "Plan": {"Type": "AWS::Backup::BackupPlan", "Properties": {"BackupPlan": plan}},
            "Selection": {
                "Type": "AWS::Backup::BackupSelection",
                "Properties": {"BackupPlanId": {"Ref": "Plan"}, "BackupSelection": selection},
            },
        },
    )

    if stack is None:
        return False
    with suppress(ClientError):
        found = it.client("backup").list_backup_selections(BackupPlanId=stack.physical("Plan"))
        return len(found["BackupSelectionsList"]) == 1
    return False


def keeps_a_disabled_rule_silent(it):
    url, arn = make_queue(it)
    it.client("sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": admitting("events.amazonaws.com", arn)}
    )
    enabled, disabled = make_rule(it, {"Arn": arn}), make_rule(it, {"Arn": arn}, state="DISABLED")

    put_event(it, disabled)
    put_event(it, enabled)

    bodies: list[str] = []
    assert happens(lambda: bodies.extend(received(it, url)) or bodies)
    return json.loads(bodies[0])["source"] == enabled


def keeps_what_a_rule_could_not_deliver(it):
    url, arn = make_queue(it)
    it.client("sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": admitting("events.amazonaws.com", arn)}
    )
    nowhere = f"arn:aws:sqs:{it.region}:{ACCOUNT}:{new_name()}"
    rule = make_rule(it, {"Arn": nowhere, "DeadLetterConfig": {"Arn": arn}})

    put_event(it, rule)

    return happens(lambda: received(it, url))


def runs_two_batches_at_once(it):
    url, arn = make_queue(it, VisibilityTimeout="60")
    sleeper = "import time\ndef handler(event, context): time.sleep(4)"
    function = make_function(it, sleeper, allow("sqs:*", arn), Timeout=20)
    it.client("lambda").create_event_source_mapping(
        FunctionName=function, EventSourceArn=arn, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2}
    )

    for body in ("one", "two"):
        it.client("sqs").send_message(QueueUrl=url, MessageBody=body)

    return happens(lambda: attribute(it, url, "ApproximateNumberOfMessagesNotVisible") == "2")


def checks_the_role_of_a_mapping(it):
    _, arn = make_queue(it)

    return refused(
        it.client("lambda").create_event_source_mapping,
        FunctionName=make_function(it, NOTHING),
        EventSourceArn=arn,
    )


def moves_dead_letters_back(it):
    sqs, (letters, arn) = it.client("sqs"), make_queue(it)
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "1"})
    source, destination = make_queue(it, RedrivePolicy=redrive)
    sqs.send_message(QueueUrl=letters, MessageBody="letter")

    if refused(sqs.start_message_move_task, SourceArn=arn, DestinationArn=destination):
        return False
    return happens(lambda: received(it, source))


def lets_the_permission_to_send_send_batches(it):
    url, arn = make_queue(it)
    sender = session_client(it, "sqs", allow("sqs:SendMessage", arn))

    entries = [{"Id": "1", "MessageBody": "one"}]
    return not refused(sender.send_message_batch, QueueUrl=url, Entries=entries)


def wants_a_queue_to_admit_a_buckets_events(it):
    bucket, (_, arn) = make_bucket(it), make_queue(it)
    configuration = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}

    return refused(
        it.client("s3").put_bucket_notification_configuration,
        Bucket=bucket,
        NotificationConfiguration=configuration,
    )


def refuses_plain_http_if_a_bucket_says_so(it):
    bucket = make_bucket(it)
    objects = f"arn:aws:s3:::{bucket}/*"
    it.client("s3").put_object(Bucket=bucket, Key="k", Body=b"")
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": objects, "Condition": plain}
    it.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(deny))
    reader = session_client(it, "s3", allow("s3:GetObject", objects))

    def mark_as_plain(request, **_):
        request.headers["X-Forwarded-Proto"] = "http"  # or MiniStack takes it for TLS: see serving.py

    reader.meta.events.register("before-sign.s3", mark_as_plain)
    return refused(reader.get_object, Bucket=bucket, Key="k")


def verifies_the_signature_of_a_session(it):
    bucket = make_bucket(it)
    statement = allow("s3:ListBucket", f"arn:aws:s3:::{bucket}")
    honest, forger = (session_client(it, "s3", statement, secret=secret) for secret in (None, "wrong"))

    assert not refused(honest.list_objects_v2, Bucket=bucket)
    return refused(forger.list_objects_v2, Bucket=bucket)


def demands_signatures_of_an_api(it):
    api = mock_api(it)

    assert api.call().status_code == 200
    return api.call(signed=False).status_code == 403


def gives_the_gateways_own_answers_their_headers(it):
    answer = mock_api(it).call("nowhere")

    assert answer.status_code == 403
    return answer.headers.get("Access-Control-Allow-Origin") == "*"


def passes_a_form_as_it_is(it):
    source = 'def handler(event, context): return {"statusCode": 200, "body": event["body"]}'
    echo = make_function(it, source)
    it.client("lambda").add_permission(
        FunctionName=echo,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    uri = f"arn:aws:apigateway:{it.region}:lambda:path/2015-03-31/functions/{echo}/invocations"
    api = Api(it, "POST", type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    return api.call(data='{"a": "b&c"}', headers=form).text == '{"a": "b&c"}'


def hashes_an_image_by_its_digest(it):
    image, role = it.functions.image(NOTHING), make_role(it)
    functions = [it.functions.create(image.replace("0" * 64, digit * 64), Role=role) for digit in "12"]

    return len({it.functions.configuration(function)["CodeSha256"] for function in functions}) == 2


def publishes_the_same_code_once(it):
    function = make_function(it, NOTHING)
    publish = it.client("lambda").publish_version

    return {publish(FunctionName=function)["Version"] for _ in range(2)} == {"1"}


def pages_through_versions(it):
    bucket, s3 = make_bucket(it), it.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    names = sorted(f"{name}{number}" for number in range(3) for name in ("a b", "plus+", "ü", "per%20cent"))
    for name in names:
        s3.put_object(Bucket=bucket, Key=name, Body=b"")

    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 2, "MaxItems": 2 * len(names)}
    )
    with suppress(PaginationError):
        return [version["Key"] for page in pages for version in page.get("Versions", [])] == names
    return False
