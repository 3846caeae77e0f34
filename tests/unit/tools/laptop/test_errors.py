"""What a person reads when the account, the region or the network is not as the laptop program needs it."""

import socket

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

from size_history import tables
from tidemark.errors import CommandError
from tidemark.laptop import create_resources
from tidemark.laptop.bucket import DataBucket
from tidemark.laptop.errors import explained
from tidemark.laptop.names import names_of
from tidemark.laptop.table import Table

BUCKET = "tidemark-laptop-data-0123456789ab"


@pytest.fixture(autouse=True)
def bare_shell(monkeypatch, tmp_path):
    """A shell that knows no account: neither variables nor files nor the metadata of a machine at AWS."""
    for variable in (
        *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        *("AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"),
        *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    ):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture
def refused(capsys):
    """Return a function that runs the command, which must fail with one line, and returns that line."""

    def refused(*arguments):
        code = create_resources.main([*arguments])
        printed = capsys.readouterr()
        assert (code, printed.err.count("\n")) == (1, 1)
        return printed.err

    return refused


def test_without_credentials_the_line_says_how_to_get_some(refused):
    line = refused("--region", "eu-central-1")

    assert line.startswith("create_resources: no AWS credentials (")
    assert "AWS_PROFILE" in line
    assert "make -s env" in line


def test_without_a_region_the_line_asks_for_one(refused, credentials):
    assert refused() == "create_resources: no region is chosen: set AWS_REGION or give --region\n"


def test_a_region_that_is_none_is_named(refused, credentials):
    assert "'us east 1' is no region" in refused("--region", "us east 1")


def test_an_unknown_profile_is_named(refused, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    assert "(nobody) could not be found" in refused("--region", "eu-central-1")


def test_an_endpoint_where_nothing_listens_is_named(refused, credentials, monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")

    line = refused("--region", "us-east-1")

    assert f"nothing answers at http://127.0.0.1:{port} (AWS_ENDPOINT_URL): run make local-up" in line


def test_an_endpoint_that_is_none_is_named(refused, credentials, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "4566")

    assert "Invalid endpoint: 4566" in refused("--region", "us-east-1")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredToken", "sign in again"),
        ("InvalidClientTokenId", "not enabled for the account"),
        ("SignatureDoesNotMatch", "clock is wrong"),
        ("AccessDeniedException", "may not do CreateTable"),
        ("TooManyBuckets", "limit is reached"),
        ("InternalServerError", "CreateTable failed: InternalServerError: said"),
    ],
)
def test_a_refusal_of_aws_is_one_line_with_what_to_do(code, words):
    error = ClientError({"Error": {"Code": code, "Message": "said"}}, "CreateTable")

    line = explained(error, region="eu-central-1", endpoint=None)

    assert words in line
    assert "\n" not in line


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
    monkeypatch.setattr("tidemark.laptop.table._BACKUPS_PAUSE", 0)
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
