"""`tidemark resources` against the engine of the local environment: made, found again, verified and removed."""

import json

import pytest

from size_history.items import Sample


@pytest.fixture
def hold(names, s3, dynamodb):
    """Return a function that puts something into one of the three, and returns how it is called."""

    def hold(which):
        if which == "data_bucket":
            s3.put_object(Bucket=names.data_bucket, Key="a/ü.txt", Body=b"x")
            return "object 'a/ü.txt'"
        if which == "history_table":
            item = Sample("some-bucket", 0, 1, 1).to_item()
            dynamodb.put_item(TableName=names.history_table, Item=item)
            return "item some-bucket, 1970-01-01T00:00:00.000000Z"
        dynamodb.put_item(TableName=names.ledger_table, Item={"pk": {"S": "b"}, "sk": {"S": "totals"}})
        return "item b, totals"

    return hold


@pytest.fixture
def existing(names, s3, dynamodb):
    """Return a function that says which of the three there are."""

    def existing():
        buckets = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
        return set(names) & (buckets | set(dynamodb.list_tables()["TableNames"]))

    return existing


def test_all_three_are_made_empty_then_found_and_removed_and_then_missing(
    run, names, existing, dynamodb, aws_endpoint
):
    code, out, err = run()
    made, table = existing(), dynamodb.describe_table(TableName=names.history_table)
    again = run()
    table_again = dynamodb.describe_table(TableName=names.history_table)
    deleted, missing = run("--delete"), run("--delete")

    assert (code, err, made) == (0, "", set(names))
    first, *lines = out.splitlines()
    assert first == f"account 000000000000, us-east-1, at {aws_endpoint}:"
    assert [line.split()[-3:] for line in lines] == [[name, "created,", "empty"] for name in names]
    assert (again[0], again[2], again[1].count("exists, empty")) == (0, "", 3)
    assert table_again["Table"] == table["Table"]
    assert (deleted[0], deleted[1].count("deleted")) == (0, 3)
    assert (missing[0], missing[1].count("not there")) == (0, 3)
    assert existing() == set()


def test_what_a_stopped_run_left_undone_the_next_one_does(run, names, s3, dynamodb):
    s3.create_bucket(Bucket=names.data_bucket)

    code, out, _ = run()

    assert code == 0
    assert [line.split()[-2] for line in out.splitlines()[1:]] == ["exists,", "created,", "created,"]
    configuration = s3.get_bucket_notification_configuration(Bucket=names.data_bucket)
    assert "EventBridgeConfiguration" in configuration
    assert dynamodb.describe_time_to_live(TableName=names.ledger_table)["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expiry",
    }


def test_a_repeated_run_keeps_what_was_added_to_the_policy(run, names, s3):
    run()
    policy = json.loads(s3.get_bucket_policy(Bucket=names.data_bucket)["Policy"])
    resource = f"arn:aws:s3:::{names.data_bucket}"
    own = {
        "Sid": "Own",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteBucket",
        "Resource": resource,
    }
    policy["Statement"].insert(0, own)
    s3.put_bucket_policy(Bucket=names.data_bucket, Policy=json.dumps(policy))

    run()

    assert json.loads(s3.get_bucket_policy(Bucket=names.data_bucket)["Policy"]) == policy
    s3.delete_bucket_policy(Bucket=names.data_bucket)


@pytest.mark.parametrize("which", ["data_bucket", "history_table", "ledger_table"])
def test_what_is_not_empty_is_said_and_not_deleted_without_being_told(run, hold, names, existing, which):
    run()
    held = hold(which)

    code, out, err = run()
    refused = run("--delete")

    assert code == refused[0] == 1
    assert f"exists, holds {held} and maybe more" in out
    assert out.count("exists, empty") == 2
    assert "1 of them not empty" in err
    (line,) = refused[2].splitlines()
    assert f"{getattr(names, which)} holds {held} and maybe more, so nothing was deleted" in line
    assert existing() == set(names)


def test_delete_with_data_removes_versions_delete_markers_and_uploads(run, names, existing, s3):
    run()
    s3.put_bucket_versioning(Bucket=names.data_bucket, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket=names.data_bucket, Key="a", Body=b"x")
        s3.delete_object(Bucket=names.data_bucket, Key="a")
    s3.create_multipart_upload(Bucket=names.data_bucket, Key="unfinished")

    code, _, err = run("--delete", "--with-data")

    assert (code, err) == (0, "")
    assert existing() == set()


def test_a_table_of_that_name_with_other_keys_is_left_alone(run, names, existing, dynamodb):
    dynamodb.create_table(
        TableName=names.history_table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "bucket_name", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "bucket_name", "KeyType": "HASH"}],
    )

    for arguments in ((), ("--delete", "--with-data")):
        code, _, err = run(*arguments)

        assert code == 1
        assert f"table {names.history_table} has other keys or indexes than the history table" in err
        assert names.history_table in existing()
