"""`tidemark resources` asks AWS for what the storage stack declares for data that goes with its stack."""

import json

import boto3
import pytest

from infra_cdk.app import build
from tests.infra.templates import Stack, text
from tidemark import cli
from tidemark.local.deployment.templates import stacks_of


@pytest.fixture(scope="module")
def storage(tmp_path_factory) -> Stack:
    """Return the storage stack of a deployment whose data may go."""
    directory = tmp_path_factory.mktemp("synth")
    build({"target": "dev", "ephemeral": "true"}, outdir=str(directory)).synth()
    (template,) = (found for found in stacks_of(directory) if found.short_name == "StorageStack")
    return Stack.of(template)


@pytest.fixture
def calls(name, monkeypatch):
    """Run the program and return what it asked for: operation → table or bucket → arguments."""
    requests = {}

    def record(params, model, **_):
        subject = params.get("TableName") or params.get("Bucket")
        requests.setdefault(model.name, {})[subject] = dict(params)

    class Recorded(boto3.Session):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            self.events.register("provide-client-params.*.*", record)

    monkeypatch.setattr(boto3, "Session", Recorded)
    assert cli.main(["resources", "--name", name]) == 0
    return requests


@pytest.mark.parametrize(("role", "output"), [("history", "HistoryTableName"), ("ledger", "LedgerTableName")])
def test_a_table_is_asked_for_as_the_stack_declares_it(calls, names, storage, role, output):
    declared = storage.properties(output)
    table = getattr(names, f"{role}_table")

    created = calls["CreateTable"][table]
    backups = calls["UpdateContinuousBackups"][table]
    expiry = calls.get("UpdateTimeToLive", {}).get(table, {})

    assert created["KeySchema"] == declared["KeySchema"]
    assert by_name(created["AttributeDefinitions"]) == by_name(declared["AttributeDefinitions"])
    assert created.get("GlobalSecondaryIndexes") == declared.get("GlobalSecondaryIndexes")
    assert created["BillingMode"] == declared["BillingMode"]
    assert created["SSESpecification"] == {"Enabled": declared["SSESpecification"]["SSEEnabled"]}
    assert created.get("DeletionProtectionEnabled", False) == declared["DeletionProtectionEnabled"]
    assert backups["PointInTimeRecoverySpecification"] == declared["PointInTimeRecoverySpecification"]
    assert expiry.get("TimeToLiveSpecification") == declared.get("TimeToLiveSpecification")


def test_the_bucket_is_asked_for_as_the_stack_declares_it(calls, names, storage):
    declared, bucket = storage.properties("DataBucketName"), names.data_bucket

    ownership = calls["CreateBucket"][bucket]["ObjectOwnership"]
    encryption = calls["PutBucketEncryption"][bucket]["ServerSideEncryptionConfiguration"]["Rules"]
    notified = calls["PutBucketNotificationConfiguration"][bucket]["NotificationConfiguration"]

    assert declared["OwnershipControls"]["Rules"] == [{"ObjectOwnership": ownership}]
    (default,) = declared["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == [{"ApplyServerSideEncryptionByDefault": default["ServerSideEncryptionByDefault"]}]
    public = declared["PublicAccessBlockConfiguration"]
    assert calls["PutPublicAccessBlock"][bucket]["PublicAccessBlockConfiguration"] == public
    assert notified == {"EventBridgeConfiguration": {}}
    assert declared["NotificationConfiguration"]["EventBridgeConfiguration"] == {"EventBridgeEnabled": True}


def test_the_bucket_refuses_requests_without_tls_in_the_stacks_words(calls, names, storage):
    logical = storage.by_output("DataBucketName")
    (policy,) = (
        found for found in storage.all("AWS::S3::BucketPolicy") if found["Bucket"] == {"Ref": logical}
    )
    declared = [
        {**statement, "Resource": [text(resource) for resource in statement["Resource"]]}
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
    ]

    (asked,) = json.loads(calls["PutBucketPolicy"][names.data_bucket]["Policy"])["Statement"]

    arn = f"arn:aws:s3:::{names.data_bucket}"
    assert asked.pop("Sid") == "TlsOnly"
    assert asked["Resource"] == [arn, f"{arn}/*"]
    assert {**asked, "Resource": [f"${{{logical}.Arn}}", f"${{{logical}.Arn}}/*"]} in declared


def by_name(definitions):
    return {definition["AttributeName"]: definition["AttributeType"] for definition in definitions}
