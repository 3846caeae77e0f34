"""What a role may not do is refused as on AWS, and what it may do works."""

import json

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from callers import ACCOUNT, allow, not_allowed, refused, report_url, usage

from harness import REGION, SECONDS


@pytest.fixture
def table(localstack, name):
    key, other = ({"AttributeName": each, "KeyType": "HASH"} for each in ("key", "other"))
    index = {"IndexName": "index", "KeySchema": [other], "Projection": {"ProjectionType": "ALL"}}
    localstack.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[key],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("key", "other")],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[index],
    )
    return name


def test_s3_refuses_with_xml_and_names_the_object(caller, bucket):
    with refused(
        "AccessDenied",
        status=403,
        message=not_allowed(caller, "s3:GetObject", f'"arn:aws:s3:::{bucket}/there"'),
    ):
        caller.client("s3").get_object(Bucket=bucket, Key="there")


def test_a_refused_head_has_no_body(caller, bucket):
    with refused("403", status=403, message="Forbidden"):
        caller.client("s3").head_object(Bucket=bucket, Key="there")


def test_what_is_allowed_works(caller, bucket):
    caller.may(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))

    assert caller.client("s3").get_object(Bucket=bucket, Key="there")["Body"].read() == b"1"


def test_an_absent_object_is_hidden_from_who_may_not_list(caller, bucket):
    caller.may(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    s3 = caller.client("s3")

    with refused("403", status=403):
        s3.head_object(Bucket=bucket, Key="absent")
    with refused(
        "AccessDenied",
        status=403,
        message=not_allowed(caller, "s3:ListBucket", f'"arn:aws:s3:::{bucket}"'),
    ):
        s3.get_object(Bucket=bucket, Key="absent")


def test_an_absent_object_is_absent_to_who_may_list(caller, bucket):
    objects = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    caller.may(objects, allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"))
    s3 = caller.client("s3")

    with refused("404", status=404):
        s3.head_object(Bucket=bucket, Key="absent")
    with refused("NoSuchKey", status=404):
        s3.get_object(Bucket=bucket, Key="absent")


def test_a_signed_url_has_the_permissions_of_its_signer(caller, bucket):
    url = caller.client("s3").generate_presigned_url("get_object", {"Bucket": bucket, "Key": "there"})

    assert requests.get(url, timeout=SECONDS).status_code == 403
    caller.may(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    assert requests.get(url, timeout=SECONDS).text == "1"


def test_dynamodb_refuses_with_json(caller, table):
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
    with refused("AccessDeniedException", status=400, message=not_allowed(caller, "dynamodb:GetItem", arn)):
        caller.client("dynamodb").get_item(TableName=table, Key={"key": {"S": "1"}})


def test_a_transaction_needs_a_permission_for_each_kind_of_item(caller, table):
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
    items = [
        {"Put": {"TableName": table, "Item": {"key": {"S": "1"}}}},
        {
            "ConditionCheck": {
                "TableName": arn,
                "Key": {"key": {"S": "2"}},
                "ConditionExpression": "attribute_not_exists(#key)",
                "ExpressionAttributeNames": {"#key": "key"},
            }
        },
    ]
    dynamodb = caller.client("dynamodb")
    caller.may(allow(["dynamodb:PutItem", "dynamodb:TransactWriteItems"], arn))
    with refused("AccessDeniedException", status=400):
        dynamodb.transact_write_items(TransactItems=items)

    caller.may(allow(["dynamodb:PutItem", "dynamodb:ConditionCheckItem"], arn))
    dynamodb.transact_write_items(TransactItems=items[:1])
    assert usage(caller.localstack, caller.arn)["dynamodb:ConditionCheckItem", arn] == (0, 1)


def test_an_index_is_a_resource_of_its_own(caller, table):
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
    dynamodb = caller.client("dynamodb")
    query = {
        "TableName": table,
        "IndexName": "index",
        "KeyConditionExpression": "other = :other",
        "ExpressionAttributeValues": {":other": {"S": "1"}},
    }
    caller.may(allow("dynamodb:Query", arn))
    with refused(
        "AccessDeniedException",
        status=400,
        message=not_allowed(caller, "dynamodb:Query", f"{arn}/index/index"),
    ):
        dynamodb.query(**query)

    caller.may(allow("dynamodb:Query", f"{arn}/index/*"))
    assert dynamodb.query(**query)["Items"] == []


def test_sqs_refuses_both_of_its_protocols(caller, queue, name):
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    message = not_allowed(caller, "sqs:sendmessage", arn)
    with refused("AccessDenied", status=400, message=message):
        caller.client("sqs").send_message(QueueUrl=queue, MessageBody="1")

    body = f"Action=SendMessage&MessageBody=1&QueueUrl={queue}&Version=2012-11-05".encode()
    request = AWSRequest(
        "POST", caller.localstack.url, {"Content-Type": "application/x-www-form-urlencoded"}, body
    )
    SigV4Auth(caller.session.get_credentials(), "sqs", REGION).add_auth(request)
    answer = requests.post(caller.localstack.url, body, headers=dict(request.headers), timeout=SECONDS)
    assert answer.status_code == 403
    assert "<Code>AccessDenied</Code>" in answer.text
    assert message in answer.text


@pytest.mark.parametrize(
    ("service", "call", "code", "status"),
    [
        ("events", lambda client: client.list_rules(), "AccessDeniedException", 400),
        ("lambda", lambda client: client.get_function(FunctionName="it"), "AccessDeniedException", 403),
        ("sns", lambda client: client.create_topic(Name="it"), "AuthorizationError", 403),
        ("cloudformation", lambda client: client.list_stacks(), "AccessDenied", 403),
        ("cloudwatch", lambda client: client.list_metrics(), "AccessDeniedException", 400),
        ("logs", lambda client: client.describe_log_groups(), "AccessDeniedException", 400),
        ("ssm", lambda client: client.get_parameter(Name="/it"), "AccessDeniedException", 400),
        ("iam", lambda client: client.list_roles(), "AccessDenied", 403),
        ("apigateway", lambda client: client.get_rest_apis(), "AccessDeniedException", 403),
    ],
)
def test_each_service_refuses_in_its_own_words(caller, service, call, code, status):
    with refused(code, status=status):
        call(caller.client(service))


def test_a_deny_wins(caller, bucket):
    caller.may(
        allow("s3:*", "*"),
        allow("s3:GetObject", f"arn:aws:s3:::{bucket}/th*", effect="Deny"),
    )
    s3 = caller.client("s3")

    s3.put_object(Bucket=bucket, Key="there", Body=b"2")
    message = (
        f"User: {caller.session_arn} is not authorized to perform: s3:GetObject on resource: "
        f'"arn:aws:s3:::{bucket}/there" with an explicit deny in an identity-based policy'
    )
    with refused("AccessDenied", status=403, message=message):
        s3.get_object(Bucket=bucket, Key="there")


def test_a_changed_policy_counts_at_once(caller, bucket):
    s3 = caller.client("s3")
    for _ in range(3):
        caller.may(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
        s3.head_object(Bucket=bucket, Key="there")
        caller.may()
        with refused("403", status=403):
            s3.head_object(Bucket=bucket, Key="there")


def test_an_attached_policy_counts_in_its_default_version(caller, bucket, name):
    documents = [
        json.dumps({"Version": "2012-10-17", "Statement": [allow(f"s3:{verb}Object", "*")]})
        for verb in ("Get", "Put")
    ]
    policy = caller.iam.create_policy(PolicyName=name, PolicyDocument=documents[0])["Policy"]["Arn"]
    caller.iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    s3 = caller.client("s3")

    s3.get_object(Bucket=bucket, Key="there")
    caller.iam.create_policy_version(PolicyArn=policy, PolicyDocument=documents[1], SetAsDefault=True)
    s3.put_object(Bucket=bucket, Key="there", Body=b"2")
    with refused("AccessDenied", status=403):
        s3.get_object(Bucket=bucket, Key="there")


def test_policies_of_aws_are_known(caller, name):
    policy = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    caller.iam.attach_role_policy(RoleName=name, PolicyArn=policy)

    caller.client("logs").create_log_group(logGroupName=name)


def test_a_condition_on_the_prefix_of_a_listing_counts(caller, bucket):
    condition = {"StringLike": {"s3:prefix": "mine/*"}}
    caller.may(allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition=condition))
    s3 = caller.client("s3")

    s3.list_objects_v2(Bucket=bucket, Prefix="mine/1")
    for other in ({"Prefix": "yours/"}, {}):
        with refused("AccessDenied", status=403):
            s3.list_objects_v2(Bucket=bucket, **other)


def test_a_condition_that_is_not_evaluated_is_told_once(caller, bucket):
    condition = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    caller.may(allow("s3:GetObject", "*", Condition=condition))
    s3 = caller.client("s3")

    for _ in range(2):
        s3.get_object(Bucket=bucket, Key="there")

    told = f"The condition IpAddress aws:SourceIp of a policy of {caller.arn} is not evaluated"
    assert caller.localstack.log.read_text().count(told) == 1


def test_who_one_is_needs_no_permission(caller):
    assert caller.client("sts").get_caller_identity()["Arn"] == caller.session_arn


def test_the_users_own_credentials_and_unsigned_requests_are_free(localstack, bucket):
    assert localstack.client("s3").get_object(Bucket=bucket, Key="there")["Body"].read() == b"1"
    assert requests.get(f"{localstack.url}/{bucket}/there", timeout=SECONDS).text == "1"


def test_a_refusal_is_one_line_of_the_log(caller, bucket):
    with refused("403", status=403):
        caller.client("s3").head_object(Bucket=bucket, Key="there")

    lines = [line for line in caller.localstack.log.read_text().splitlines() if caller.session_arn in line]
    assert len(lines) == 1
    assert "WARN" in lines[0]
    assert "not authorized to perform: s3:GetObject" in lines[0]


def test_what_was_needed_is_counted_until_it_is_reset(caller, bucket):
    caller.may(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    s3 = caller.client("s3")
    for _ in range(2):
        s3.head_object(Bucket=bucket, Key="there")
    with refused("AccessDenied", status=403):
        s3.list_objects_v2(Bucket=bucket)

    assert usage(caller.localstack, caller.arn) == {
        ("s3:GetObject", f"arn:aws:s3:::{bucket}/there"): (2, 0),
        ("s3:ListBucket", f"arn:aws:s3:::{bucket}"): (0, 1),
    }
    requests.delete(report_url(caller.localstack), timeout=SECONDS)
    assert usage(caller.localstack, caller.arn) == {}
