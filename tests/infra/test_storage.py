"""The data must not be lost, and others read its schema."""

BUCKET = "AWS::S3::Bucket"
TABLE = "AWS::DynamoDB::Table"
STATEFUL = (BUCKET, TABLE)


def test_the_history_has_exactly_the_published_schema(storage):
    history = storage.properties("HistoryTableName")

    assert history["KeySchema"] == _keys("bucket_name", "time")
    assert history["GlobalSecondaryIndexes"] == [
        {
            "IndexName": "GSI_SizeByBucket",
            "KeySchema": _keys("bucket_name", "total_size"),
            "Projection": {"ProjectionType": "ALL"},
        }
    ]
    assert {item["AttributeName"]: item["AttributeType"] for item in history["AttributeDefinitions"]} == {
        "bucket_name": "S",
        "time": "S",
        "total_size": "N",
    }


def test_a_sample_expires_only_if_it_says_so(storage):
    expiry = storage.properties("HistoryTableName")["TimeToLiveSpecification"]

    assert expiry == {"AttributeName": "expiry", "Enabled": True}


def test_the_ledger_is_keyed_by_pk_and_sk_and_lets_tombstones_expire(storage):
    ledger = storage.properties("LedgerTableName")

    assert ledger["KeySchema"] == _keys("pk", "sk")
    assert ledger["TimeToLiveSpecification"] == {"AttributeName": "expiry", "Enabled": True}
    assert "GlobalSecondaryIndexes" not in ledger


def test_there_are_two_buckets_and_two_tables(storage):
    assert len(storage.ids(BUCKET)) == 2
    assert len(storage.ids(TABLE)) == 2


def test_tables_are_billed_on_demand_encrypted_and_recoverable(storage):
    for table in storage.all(TABLE):
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["SSESpecification"] == {"SSEEnabled": True}
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_buckets_are_encrypted_and_closed_to_the_public(storage):
    for bucket in storage.all(BUCKET):
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert bucket["PublicAccessBlockConfiguration"] == {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        }


def test_only_the_data_bucket_announces_its_changes(storage):
    announcing = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}

    assert storage.properties("DataBucketName")["NotificationConfiguration"] == announcing
    assert "NotificationConfiguration" not in storage.properties("PlotBucketName")


def test_data_on_aws_is_retained_when_its_stack_goes_or_replaces_it(synth, aws_target):
    storage = synth(target=aws_target)["StorageStack"]

    for kind in STATEFUL:
        for name in storage.ids(kind):
            assert storage.resources[name]["DeletionPolicy"] == "Retain"
            assert storage.resources[name]["UpdateReplacePolicy"] == "Retain"
    assert all(table["DeletionProtectionEnabled"] for table in storage.all(TABLE))


def test_ephemeral_data_on_aws_goes_with_its_stack_and_full_buckets_are_emptied(synth):
    storage = synth(target="dev", ephemeral="true")["StorageStack"]

    for kind in STATEFUL:
        for name in storage.ids(kind):
            assert storage.resources[name]["DeletionPolicy"] == "Delete"
    assert not any(table["DeletionProtectionEnabled"] for table in storage.all(TABLE))
    assert {resource["BucketName"]["Ref"] for resource in storage.all("Custom::S3AutoDeleteObjects")} == set(
        storage.ids(BUCKET)
    )


def test_the_lambda_stack_holds_no_data(application):
    assert [kind for kind in STATEFUL if application.ids(kind)] == []


def _keys(partition, sort) -> list[dict]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]
