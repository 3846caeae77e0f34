"""The laptop program against the engine of the local environment: made, found again, verified and removed."""

import json

import pytest

from size_history.items import Sample

DATA = ("data_bucket", "history_table", "ledger_table")


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


def exist(names, s3, dynamodb):
    """Return which of the three there are."""
    buckets = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    tables = set(dynamodb.list_tables()["TableNames"])
    return {which for which in DATA if getattr(names, which) in buckets | tables}


def test_the_bucket_and_both_tables_are_made_and_found_empty(run, names, s3, dynamodb, aws_endpoint):
    code, out, err = run()

    assert (code, err) == (0, "")
    assert exist(names, s3, dynamodb) == set(DATA)
    first, *lines = out.splitlines()
    assert first == f"account 000000000000, us-east-1, at {aws_endpoint}:"
    assert [line.split()[-3:] for line in lines] == [[name, "created,", "empty"] for name in names]


def test_a_repeated_run_finds_what_the_first_one_made(run, names, s3, dynamodb):
    run()
    table = dynamodb.describe_table(TableName=names.history_table)["Table"]

    code, out, err = run()

    assert (code, err, out.count("exists, empty")) == (0, "", 3)
    assert dynamodb.describe_table(TableName=names.history_table)["Table"] == table


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


def test_a_repeated_run_keeps_what_was_added_to_the_bucket(run, names, s3):
    run()
    policy = json.loads(s3.get_bucket_policy(Bucket=names.data_bucket)["Policy"])
    own = {
        "Sid": "Own",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteBucket",
        "Resource": f"arn:aws:s3:::{names.data_bucket}",
    }
    s3.put_bucket_policy(
        Bucket=names.data_bucket, Policy=json.dumps({**policy, "Statement": [own, *policy["Statement"]]})
    )

    run()

    kept = json.loads(s3.get_bucket_policy(Bucket=names.data_bucket)["Policy"])["Statement"]
    assert kept == [own, *policy["Statement"]]
    s3.delete_bucket_policy(Bucket=names.data_bucket)


@pytest.mark.parametrize("which", DATA)
def test_what_is_not_empty_is_said_and_ends_the_command_with_1(run, hold, which):
    run()
    held = hold(which)

    code, out, err = run()

    assert code == 1
    assert f"exists, holds {held} and maybe more" in out
    assert out.count("exists, empty") == 2
    assert "1 of them not empty" in err


@pytest.mark.parametrize("which", DATA)
def test_delete_deletes_nothing_where_one_of_them_holds_data(run, hold, names, s3, dynamodb, which):
    run()
    held = hold(which)

    code, _, err = run("--delete")

    assert code == 1
    assert f"{getattr(names, which)} holds {held} and maybe more, so nothing was deleted" in err
    assert err.count("\n") == 1
    assert exist(names, s3, dynamodb) == set(DATA)


def test_delete_removes_what_is_empty_and_repeated_finds_nothing(run, names, s3, dynamodb):
    run()

    first, second = run("--delete"), run("--delete")

    assert (first[0], first[1].count("deleted")) == (0, 3)
    assert (second[0], second[1].count("not there")) == (0, 3)
    assert exist(names, s3, dynamodb) == set()


def test_delete_with_data_empties_the_bucket_to_its_last_page(run, names, s3, dynamodb):
    run()
    s3.put_bucket_versioning(Bucket=names.data_bucket, VersioningConfiguration={"Status": "Enabled"})
    for number in range(1001):
        s3.put_object(Bucket=names.data_bucket, Key=f"{number:04}", Body=b"x")
    for _ in range(2):
        s3.delete_object(Bucket=names.data_bucket, Key="0000")
    s3.create_multipart_upload(Bucket=names.data_bucket, Key="unfinished")
    listed = s3.list_object_versions(Bucket=names.data_bucket)
    assert listed["IsTruncated"], "the engine listed all on one page, so this test would prove nothing"

    code, _, err = run("--delete", "--with-data")

    assert (code, err) == (0, "")
    assert exist(names, s3, dynamodb) == set()


def test_a_table_of_that_name_with_other_keys_is_left_alone(run, names, dynamodb):
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
        assert names.history_table in dynamodb.list_tables()["TableNames"]
