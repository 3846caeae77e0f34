"""What a person reads if the account, the region or the network is not as `tidemark resources` needs it."""

import boto3
import pytest
from botocore.stub import ANY, Stubber

from size_history import tables
from tests.unit.tools.operations.conftest import nobody, refusal
from tidemark.errors import CommandError
from tidemark.laptop.bucket import DataBucket
from tidemark.laptop.names import names_of
from tidemark.laptop.table import Table
from tidemark.local.ports import free_port

__all__ = ["refusal"]

BUCKET = "tidemark-laptop-data-0123456789ab"


@pytest.fixture(autouse=True)
def bare_shell(monkeypatch, tmp_path):
    """A shell that knows no account."""
    nobody(monkeypatch, tmp_path)


@pytest.fixture
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def test_without_credentials_the_line_says_how_to_get_some(refusal):
    line = refusal("resources", "--region", "eu-central-1")

    assert line.startswith("resources: there are no AWS credentials (")
    assert "AWS_PROFILE" in line
    assert "make -s env" in line


def test_without_a_region_the_line_asks_for_one(refusal, credentials):
    assert refusal("resources").startswith("resources: no AWS region is set: AWS_REGION=")


def test_an_impossible_region_is_named(refusal, credentials):
    assert "'us east 1' is no region" in refusal("resources", "--region", "us east 1")


def test_an_unknown_profile_is_named(refusal, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    assert "(nobody) could not be found" in refusal("resources", "--region", "eu-central-1")


def test_an_endpoint_where_nothing_listens_is_named(refusal, credentials, monkeypatch):
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)

    line = refusal("resources", "--region", "us-east-1")

    assert f"nothing answers at {url}: run make local-up" in line


def test_an_endpoint_that_is_no_url_is_named(refusal, credentials, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "4566")

    assert "Invalid endpoint: 4566" in refusal("resources", "--region", "us-east-1")


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
def s3():
    """Return a client whose answers a test gives: those that only AWS gives, where names are everybody's."""
    client = boto3.client(
        "s3", region_name="eu-central-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    with Stubber(client) as answers:
        yield client, answers
        answers.assert_no_pending_responses()


def bucket_of(client):
    return DataBucket(client, BUCKET, account="111111111111", region="eu-central-1")


def test_a_bucket_of_another_account_is_left_alone(s3):
    client, answers = s3
    answers.add_client_error("head_bucket", "403", http_status_code=403)

    with pytest.raises(CommandError, match=f"{BUCKET} belongs to another account.*--name"):
        bucket_of(client).create()


def test_a_bucket_name_that_another_account_took_meanwhile_is_named(s3):
    client, answers = s3
    answers.add_client_error("head_bucket", "404", http_status_code=404)
    answers.add_client_error(
        "create_bucket",
        "BucketAlreadyExists",
        expected_params={
            "Bucket": BUCKET,
            "ObjectOwnership": "BucketOwnerEnforced",
            "CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"},
        },
    )

    with pytest.raises(CommandError, match=f"{BUCKET} is taken by another account"):
        bucket_of(client).create()


def test_a_bucket_in_another_region_is_named_with_its_region(s3):
    client, answers = s3
    answers.add_response("head_bucket", {"BucketRegion": "eu-west-1"})

    with pytest.raises(CommandError, match="is in eu-west-1, not in eu-central-1: give --region eu-west-1"):
        bucket_of(client).create()


def test_an_object_that_cannot_be_deleted_is_named(s3):
    client, answers = s3
    version = {"Key": "locked", "VersionId": "v1"}
    answers.add_response("list_object_versions", {"Versions": [version], "IsTruncated": False})
    answers.add_response(
        "delete_objects",
        {"Errors": [{**version, "Code": "AccessDenied", "Message": "Access Denied"}]},
        {"Bucket": BUCKET, "Delete": {"Objects": [version], "Quiet": True}},
    )

    with pytest.raises(CommandError, match=r"'locked' of .* cannot be deleted: Access Denied"):
        bucket_of(client).delete()


@pytest.fixture
def dynamodb():
    client = boto3.client(
        "dynamodb", region_name="eu-central-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    with Stubber(client) as answers:
        yield client, answers
        answers.assert_no_pending_responses()


def test_a_table_is_looked_through_beyond_an_empty_page(dynamodb):
    client, answers = dynamodb
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    arguments = {"TableName": "ledger", "Limit": 1, "ConsistentRead": True}
    answers.add_response("scan", {"Items": [], "LastEvaluatedKey": key}, arguments)
    answers.add_response("scan", {"Items": [key]}, {**arguments, "ExclusiveStartKey": key})

    assert Table(client, "ledger table", "ledger", tables.LEDGER).content() == "item a, b"


def test_a_new_tables_backups_are_waited_for(dynamodb, monkeypatch):
    client, answers = dynamodb
    monkeypatch.setattr("tidemark.laptop.table._BACKUPS_PAUSE_SECONDS", 0)
    described = {**tables.HISTORY.definition(), "TableStatus": "ACTIVE"}
    for _ in range(2):
        answers.add_response("describe_table", {"Table": described})
    answers.add_client_error("update_continuous_backups", "ContinuousBackupsUnavailableException")
    answers.add_response(
        "update_continuous_backups",
        {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}},
        {"TableName": "history", "PointInTimeRecoverySpecification": ANY},
    )

    assert Table(client, "history table", "history", tables.HISTORY).create() is False
