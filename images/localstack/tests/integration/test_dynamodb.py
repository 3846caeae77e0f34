"""The engine serves DynamoDB behind LocalStack's one endpoint."""

import json

import pytest
from botocore.exceptions import ClientError

from harness import until

KEY = {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}
SCHEMA = {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}


@pytest.fixture(scope="module")
def dynamodb(localstack):
    return localstack.client("dynamodb")


@pytest.fixture
def table(dynamodb, name):
    dynamodb.create_table(
        TableName=name, AttributeDefinitions=KEY, KeySchema=SCHEMA, BillingMode="PAY_PER_REQUEST"
    )
    return name


def put(table, number, value):
    item = {"pk": {"S": "a"}, "sk": {"S": f"{number:03}"}, "value": {"N": str(value)}}
    return {"Put": {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}


def values(dynamodb, table):
    answer = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :a",
        ExpressionAttributeValues={":a": {"S": "a"}},
        ConsistentRead=True,
    )
    return [int(item["value"]["N"]) for item in answer["Items"]]


def test_a_transaction_is_all_or_nothing(dynamodb, table):
    dynamodb.transact_write_items(TransactItems=[put(table, number, 1) for number in range(100)])

    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as refused:
        dynamodb.transact_write_items(TransactItems=[put(table, 100, 2), put(table, 99, 2)])

    codes = [reason["Code"] for reason in refused.value.response["CancellationReasons"]]
    assert codes == ["None", "ConditionalCheckFailed"]
    assert values(dynamodb, table) == [1] * 100


def test_accounts_and_regions_are_kept_apart(localstack, dynamodb, table):
    elsewhere = localstack.client("dynamodb", region_name="us-east-1")

    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]

    assert arn == f"arn:aws:dynamodb:eu-west-1:000000000000:table/{table}"
    assert table not in elsewhere.list_tables()["TableNames"]


def test_a_function_sees_the_same_tables(functions, dynamodb, table):
    source = """
        import boto3

        def handler(event, context):
            client = boto3.client("dynamodb")
            return client.get_item(TableName=event["table"], Key={"pk": {"S": "a"}, "sk": {"S": "000"}})["Item"]
    """
    dynamodb.transact_write_items(TransactItems=[put(table, 0, 7)])

    answer = functions.invoke(functions.create(functions.image(source), Timeout=30), {"table": table})

    assert answer.payload["value"] == {"N": "7"}


@pytest.mark.parametrize("kind", ["AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"])
def test_cloudformation_deploys_tables_with_what_cdk_emits(localstack, dynamodb, name, kind):
    index = {
        "IndexName": "by-value",
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "value", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "ALL"},
    }
    recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    properties = {
        "AttributeDefinitions": [*KEY, {"AttributeName": "value", "AttributeType": "N"}],
        "KeySchema": SCHEMA,
        "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [index],
        "SSESpecification": {"SSEEnabled": True},
        "TimeToLiveSpecification": {"AttributeName": "expiry", "Enabled": True},
    }
    if kind == "AWS::DynamoDB::Table":
        properties |= {**recovery, "DeletionProtectionEnabled": False, "Tags": [{"Key": "a", "Value": "b"}]}
    else:
        properties["Replicas"] = [{"Region": "eu-west-1", "DeletionProtectionEnabled": False, **recovery}]
    template = {
        "Resources": {"T": {"Type": kind, "Properties": properties}},
        "Outputs": {"T": {"Value": {"Ref": "T"}}},
    }
    stacks = localstack.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))

    stack = until(lambda: _settled(stacks, name))

    assert stack["StackStatus"] == "CREATE_COMPLETE"
    table = stack["Outputs"][0]["OutputValue"]
    described = dynamodb.describe_table(TableName=table)["Table"]
    assert [found["IndexName"] for found in described["GlobalSecondaryIndexes"]] == ["by-value"]
    assert described["SSEDescription"]["Status"] == "ENABLED"
    expiry = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiry"}
    stacks.delete_stack(StackName=name)
    until(lambda: table not in dynamodb.list_tables()["TableNames"])


def test_an_engine_that_is_down_is_one_clear_error(other_localstack):
    complaint = r"The DynamoDB engine at http://127.0.0.1:\d+ does not answer .*: start it, or unset"

    with pytest.raises(ClientError, match=complaint):
        other_localstack.client("dynamodb").list_tables()


def _settled(stacks, name):
    stack = stacks.describe_stacks(StackName=name)["Stacks"][0]
    return stack if not stack["StackStatus"].endswith("IN_PROGRESS") else None
