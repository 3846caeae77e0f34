"""Which permissions an operation needs, by AWS's service authorization reference."""

import pytest

from localstack_image_lambda.iam.actions import needed
from localstack_image_lambda.iam.call import Call
from localstack_image_lambda.iam.s3_actions import listing_of

PLACE = "eu-west-1:123456789012"
BUCKET = "arn:aws:s3:::bucket"
TABLE = f"arn:aws:dynamodb:{PLACE}:table/table"
PREFIXES = {"stepfunctions": "states", "dynamodbstreams": "dynamodb"}


def call(service, operation, **parameters):
    prefix = PREFIXES.get(service, service)
    return Call(service, prefix, operation, parameters, "aws", "eu-west-1", "123456789012")


def permissions(service, operation, **parameters):
    return [(it.action, it.resource) for it in needed(call(service, operation, **parameters))]


@pytest.mark.parametrize(
    ("operation", "parameters", "action", "resource"),
    [
        ("GetObject", {"Key": "a/*?"}, "GetObject", f"{BUCKET}/a/*?"),
        ("HeadObject", {"Key": "a"}, "GetObject", f"{BUCKET}/a"),
        ("HeadObject", {"Key": "a", "VersionId": "1"}, "GetObjectVersion", f"{BUCKET}/a"),
        ("PutObject", {"Key": "a"}, "PutObject", f"{BUCKET}/a"),
        ("DeleteObject", {"Key": "a"}, "DeleteObject", f"{BUCKET}/a"),
        ("DeleteObject", {"Key": "a", "VersionId": "1"}, "DeleteObjectVersion", f"{BUCKET}/a"),
        ("CreateMultipartUpload", {"Key": "a"}, "PutObject", f"{BUCKET}/a"),
        ("UploadPart", {"Key": "a"}, "PutObject", f"{BUCKET}/a"),
        ("CompleteMultipartUpload", {"Key": "a"}, "PutObject", f"{BUCKET}/a"),
        ("AbortMultipartUpload", {"Key": "a"}, "AbortMultipartUpload", f"{BUCKET}/a"),
        ("ListParts", {"Key": "a"}, "ListMultipartUploadParts", f"{BUCKET}/a"),
        ("GetObjectTagging", {"Key": "a", "VersionId": "1"}, "GetObjectVersionTagging", f"{BUCKET}/a"),
        ("ListMultipartUploads", {}, "ListBucketMultipartUploads", BUCKET),
        ("HeadBucket", {}, "ListBucket", BUCKET),
        ("ListObjects", {}, "ListBucket", BUCKET),
        ("ListObjectsV2", {"Prefix": "a"}, "ListBucket", BUCKET),
        ("ListObjectVersions", {}, "ListBucketVersions", BUCKET),
        ("GetBucketLocation", {}, "GetBucketLocation", BUCKET),
        ("GetBucketVersioning", {}, "GetBucketVersioning", BUCKET),
        ("GetBucketNotificationConfiguration", {}, "GetBucketNotification", BUCKET),
        ("PutBucketNotificationConfiguration", {}, "PutBucketNotification", BUCKET),
        ("PutBucketEncryption", {}, "PutEncryptionConfiguration", BUCKET),
        ("DeleteBucketLifecycle", {}, "PutLifecycleConfiguration", BUCKET),
        ("GetPublicAccessBlock", {}, "GetBucketPublicAccessBlock", BUCKET),
        ("ListBucketInventoryConfigurations", {}, "GetInventoryConfiguration", BUCKET),
        ("DeleteBucketMetricsConfiguration", {}, "PutMetricsConfiguration", BUCKET),
    ],
)
def test_one_permission_of_s3(operation, parameters, action, resource):
    assert permissions("s3", operation, Bucket="bucket", **parameters) == [(f"s3:{action}", resource)]


def test_all_buckets_are_listed_with_a_permission_of_their_own():
    assert permissions("s3", "ListBuckets") == [("s3:ListAllMyBuckets", "arn:aws:s3:::*")]


@pytest.mark.parametrize(
    ("source", "action", "resource"),
    [
        ("other/a%20b", "s3:GetObject", "arn:aws:s3:::other/a b"),
        ("/other/a?versionId=1", "s3:GetObjectVersion", "arn:aws:s3:::other/a"),
        ("other/a%3FversionId%3D1", "s3:GetObject", "arn:aws:s3:::other/a?versionId=1"),
    ],
)
def test_a_copy_reads_its_source(source, action, resource):
    for operation in ("CopyObject", "UploadPartCopy"):
        assert permissions("s3", operation, Bucket="bucket", Key="b", CopySource=source) == [
            (action, resource),
            ("s3:PutObject", f"{BUCKET}/b"),
        ]


def test_each_deleted_object_is_a_resource():
    objects = [{"Key": "a"}, {"Key": "b", "VersionId": "1"}, {"Key": "a"}]

    assert permissions("s3", "DeleteObjects", Bucket="bucket", Delete={"Objects": objects}) == [
        ("s3:DeleteObject", f"{BUCKET}/a"),
        ("s3:DeleteObjectVersion", f"{BUCKET}/b"),
    ]


def test_a_put_with_tags_needs_the_permission_for_tags():
    assert permissions("s3", "PutObject", Bucket="bucket", Key="a", Tagging="b=c") == [
        ("s3:PutObject", f"{BUCKET}/a"),
        ("s3:PutObjectTagging", f"{BUCKET}/a"),
    ]


def test_only_reading_an_object_tells_that_it_is_absent():
    found = listing_of(call("s3", "HeadObject", Bucket="bucket", Key="a"))
    copied = listing_of(call("s3", "CopyObject", Bucket="bucket", Key="a", CopySource="other/b"))

    assert (found.action, found.resource) == ("s3:ListBucket", BUCKET)
    assert copied.resource == "arn:aws:s3:::other"
    assert listing_of(call("s3", "ListParts", Bucket="bucket", Key="a")) is None


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("GetItem", {"TableName": "table"}, [("GetItem", TABLE)]),
        ("GetItem", {"TableName": TABLE}, [("GetItem", TABLE)]),
        ("Query", {"TableName": "table", "IndexName": "index"}, [("Query", f"{TABLE}/index/index")]),
        ("Scan", {"TableName": TABLE, "IndexName": "index"}, [("Scan", f"{TABLE}/index/index")]),
        ("ListTables", {}, [("ListTables", f"arn:aws:dynamodb:{PLACE}:table/*")]),
        (
            "BatchGetItem",
            {"RequestItems": {"table": {}, f"{TABLE}2": {}}},
            [("BatchGetItem", TABLE), ("BatchGetItem", f"{TABLE}2")],
        ),
        ("BatchWriteItem", {"RequestItems": {"table": []}}, [("BatchWriteItem", TABLE)]),
        (
            "TransactGetItems",
            {"TransactItems": [{"Get": {"TableName": "table"}}]},
            [("GetItem", TABLE)],
        ),
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {kind: {"TableName": "table"}}
                    for kind in ("Put", "Update", "Delete", "ConditionCheck", "Put")
                ]
            },
            [(name, TABLE) for name in ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")],
        ),
        ("ExecuteStatement", {"Statement": " select * from t"}, [("PartiQLSelect", None)]),
        (
            "BatchExecuteStatement",
            {"Statements": [{"Statement": "DELETE FROM t"}]},
            [("PartiQLDelete", None)],
        ),
        ("TagResource", {"ResourceArn": TABLE}, [("TagResource", TABLE)]),
    ],
)
def test_the_permissions_of_dynamodb(operation, parameters, expected):
    found = permissions("dynamodb", operation, **parameters)

    assert found == [(f"dynamodb:{action}", resource) for action, resource in expected]


QUEUE = f"arn:aws:sqs:{PLACE}:queue"
FUNCTION = f"arn:aws:lambda:{PLACE}:function:it"
GROUP = f"arn:aws:logs:{PLACE}:log-group:/group"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "action", "resource"),
    [
        ("sqs", "SendMessage", {"QueueUrl": "http://x/123456789012/queue"}, "sqs:SendMessage", QUEUE),
        (
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "http://x/queue/eu-west-1/123456789012/queue"},
            "sqs:SendMessage",
            QUEUE,
        ),
        (
            "sqs",
            "ChangeMessageVisibilityBatch",
            {"QueueUrl": "http://x/123456789012/queue"},
            "sqs:ChangeMessageVisibility",
            QUEUE,
        ),
        ("sqs", "GetQueueUrl", {"QueueName": "queue"}, "sqs:GetQueueUrl", QUEUE),
        ("events", "PutRule", {"Name": "it"}, "events:PutRule", f"arn:aws:events:{PLACE}:rule/it"),
        (
            "events",
            "PutTargets",
            {"Rule": "it", "EventBusName": "bus"},
            "events:PutTargets",
            f"arn:aws:events:{PLACE}:rule/bus/it",
        ),
        (
            "events",
            "PutEvents",
            {"Entries": [{}, {"EventBusName": "default"}]},
            "events:PutEvents",
            f"arn:aws:events:{PLACE}:event-bus/default",
        ),
        ("events", "ListRules", {}, "events:ListRules", f"arn:aws:events:{PLACE}:rule/*"),
        ("lambda", "Invoke", {"FunctionName": "it"}, "lambda:InvokeFunction", FUNCTION),
        (
            "lambda",
            "Invoke",
            {"FunctionName": f"{FUNCTION}", "Qualifier": "live"},
            "lambda:InvokeFunction",
            f"{FUNCTION}:live",
        ),
        (
            "lambda",
            "GetFunction",
            {"FunctionName": "123456789012:function:it"},
            "lambda:GetFunction",
            FUNCTION,
        ),
        ("sns", "PublishBatch", {"TopicArn": "arn:it"}, "sns:Publish", "arn:it"),
        ("ssm", "GetParameter", {"Name": "/a/b:3"}, "ssm:GetParameter", f"arn:aws:ssm:{PLACE}:parameter/a/b"),
        (
            "ssm",
            "GetParametersByPath",
            {"Path": "/a"},
            "ssm:GetParametersByPath",
            f"arn:aws:ssm:{PLACE}:parameter/a",
        ),
        (
            "logs",
            "CreateLogStream",
            {"logGroupName": "/group", "logStreamName": "s"},
            "logs:CreateLogStream",
            f"{GROUP}:log-stream:s",
        ),
        ("logs", "CreateLogGroup", {"logGroupName": "/group"}, "logs:CreateLogGroup", f"{GROUP}:log-stream:"),
        ("sts", "AssumeRole", {"RoleArn": "arn:it"}, "sts:AssumeRole", "arn:it"),
        ("cloudwatch", "PutMetricData", {}, "cloudwatch:PutMetricData", "*"),
        ("secretsmanager", "GetSecretValue", {"SecretId": "name"}, "secretsmanager:GetSecretValue", None),
        ("kms", "Decrypt", {}, "kms:Decrypt", None),
    ],
)
def test_one_permission_of_another_service(service, operation, parameters, action, resource):
    assert permissions(service, operation, **parameters) == [(action, resource)]


def test_several_parameters_are_several_resources():
    assert permissions("ssm", "GetParameters", Names=["a", "/b"]) == [
        ("ssm:GetParameters", f"arn:aws:ssm:{PLACE}:parameter/a"),
        ("ssm:GetParameters", f"arn:aws:ssm:{PLACE}:parameter/b"),
    ]


def test_who_makes_a_function_passes_its_role():
    assert ("iam:PassRole", "arn:role") in permissions(
        "lambda", "CreateFunction", FunctionName="it", Role="arn:role"
    )


def test_who_one_is_needs_nothing():
    assert permissions("sts", "GetCallerIdentity") == []
