"""What a person reads if the account, the region or the network is not as `tidemark resources` needs it."""

import re

import boto3
import pytest
from botocore.stub import Stubber

from size_history import tables
from tests.unit.tools.operations.conftest import nobody, refusal
from tidemark.errors import CommandError
from tidemark.resources import DataBucket, Table, names_of

__all__ = ["refusal"]

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
BUCKET = "tidemark-laptop-data-0123456789ab"


@pytest.fixture(autouse=True)
def bare_shell(monkeypatch, tmp_path):
    """A shell that knows no account."""
    nobody(monkeypatch, tmp_path)


@pytest.mark.parametrize(
    ("shell", "region", "words"),
    [
        ({}, "eu-central-1", "there are no AWS credentials .* AWS_PROFILE; .*make -s env"),
        (KEYS, "us east 1", "'us east 1' is no region"),
        (KEYS | {"AWS_ENDPOINT_URL": "4566"}, "us-east-1", "Invalid endpoint: 4566"),
    ],
)
def test_what_is_missing_or_wrong_is_named(refusal, monkeypatch, shell, region, words):
    for name, value in shell.items():
        monkeypatch.setenv(name, value)

    assert re.search(words, refusal("resources", "--region", region))


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "a" * 21])
def test_a_name_that_fits_no_bucket_is_refused(name):
    with pytest.raises(CommandError, match="is no name"):
        names_of("111111111111", "us-east-1", name)


def test_names_differ_by_account_region_and_name_and_stay_the_same():
    places = [(account, region, name) for account in "12" for region in "ab" for name in "xy"]

    made = [names_of(*place) for place in places]

    assert len({names.data_bucket for names in made}) == len(places)
    assert made == [names_of(*place) for place in places]
    assert len(names_of("1" * 12, "ap-southeast-7", "n" * 20).data_bucket) <= 63


@pytest.fixture
def client(request):
    """Return a client whose answers a test gives, as only AWS gives them, and the answers."""
    keys = {name.lower(): value for name, value in KEYS.items()}
    made = boto3.client(request.param, region_name="eu-central-1", **keys)
    with Stubber(made) as answers:
        yield made, answers
        answers.assert_no_pending_responses()


s3 = pytest.mark.parametrize("client", ["s3"], indirect=True)
dynamodb = pytest.mark.parametrize("client", ["dynamodb"], indirect=True)


def bucket_of(made):
    return DataBucket(made, BUCKET, account="111111111111")


@s3
def test_a_bucket_of_another_account_is_left_alone(client):
    made, answers = client
    answers.add_client_error("head_bucket", "403", http_status_code=403)

    with pytest.raises(CommandError, match=f"{BUCKET} belongs to another account.*--name"):
        bucket_of(made).exists()


@s3
def test_a_bucket_name_that_another_account_took_meanwhile_is_named(client):
    made, answers = client
    expected = {
        "Bucket": BUCKET,
        "ObjectOwnership": "BucketOwnerEnforced",
        "CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"},
    }
    answers.add_client_error("head_bucket", "404", http_status_code=404)
    answers.add_client_error("create_bucket", "BucketAlreadyExists", expected_params=expected)

    with pytest.raises(CommandError, match=f"{BUCKET} is taken by another account"):
        bucket_of(made).create()


@s3
def test_an_object_that_cannot_be_deleted_is_named(client):
    made, answers = client
    version = {"Key": "locked", "VersionId": "v1"}
    refused = {**version, "Code": "AccessDenied", "Message": "Access Denied"}
    answers.add_response("list_object_versions", {"Versions": [version]})
    answers.add_response("list_multipart_uploads", {})
    answers.add_response("delete_objects", {"Errors": [refused]})

    with pytest.raises(CommandError, match=r"'locked' of .* cannot be deleted: Access Denied"):
        bucket_of(made).delete()


@dynamodb
def test_a_table_is_looked_through_beyond_an_empty_page(client):
    made, answers = client
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    arguments = {"TableName": "ledger", "Limit": 1, "ConsistentRead": True}
    answers.add_response("scan", {"Items": [], "LastEvaluatedKey": key}, arguments)
    answers.add_response("scan", {"Items": [key]}, {**arguments, "ExclusiveStartKey": key})

    assert Table(made, "ledger table", "ledger", tables.LEDGER).content() == "item a, b"


@dynamodb
def test_a_new_tables_backups_are_waited_for(client, monkeypatch):
    made, answers = client
    monkeypatch.setattr("tidemark.resources._BACKUP_PAUSE_SECONDS", 0)
    for _ in range(2):
        answers.add_response(
            "describe_table", {"Table": {**tables.HISTORY.definition(), "TableStatus": "ACTIVE"}}
        )
    expires = {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED"}}
    answers.add_response("describe_time_to_live", expires)
    answers.add_client_error("update_continuous_backups", "ContinuousBackupsUnavailableException")
    enabled = {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}}
    answers.add_response("update_continuous_backups", enabled)

    assert Table(made, "history table", "history", tables.HISTORY).create() is False
