"""No test reaches AWS: not with a build's role, a profile or a sign-in, and not through the instance's metadata."""

import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import BotoCoreError

from tests.isolation import NOWHERE, isolated
from tests.servers import SilentHandler, serving

ROOT = Path(__file__).parents[3]
CREDENTIALS = (
    b'{"AccessKeyId": "A", "SecretAccessKey": "s", "Token": "t", "Expiration": "2099-01-01T00:00:00Z"}'
)
PROFILES = """\
[default]
aws_access_key_id = FILE
aws_secret_access_key = x
region = eu-west-1
[profile work]
role_arn = arn:aws:iam::123456789012:role/work
source_profile = default
region = eu-west-1
[Credentials]
aws_access_key_id = BOTO
aws_secret_access_key = x
"""
CARELESS_TESTS = """
import boto3
from botocore.exceptions import BotoCoreError

CALLS = {"sts": "get_caller_identity", "s3": "list_buckets", "dynamodb": "list_tables", "sqs": "list_queues"}

def test_everything_is_called():
    for service, call in CALLS.items():
        try:
            getattr(boto3.client(service, region_name="eu-central-1"), call)()
        except BotoCoreError as error:
            print(error)
"""
WAYS = {
    "keys": {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"},
    "container, absolute": {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "{url}/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "token",
    },
    "container, relative": {
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "{file}",
    },
    "web identity": {
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/build",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "{file}",
        "AWS_ROLE_SESSION_NAME": "build",
    },
    "configuration": {"AWS_CONFIG_FILE": "{file}"},
    "credentials": {"AWS_SHARED_CREDENTIALS_FILE": "{file}"},
    "profile": {"AWS_CONFIG_FILE": "{file}", "AWS_PROFILE": "work", "AWS_DEFAULT_PROFILE": "work"},
    "boto's file": {"BOTO_CONFIG": "{file}"},
    "instance": {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "{url}"},
}
"""How a machine may have credentials. Without isolation, each of them alone leads to some."""


@pytest.fixture
def betrayer():
    """Yield a server that stands in for AWS and for what hands out credentials, with the requests that it got."""

    class Handler(SilentHandler):
        def do_GET(self):
            self.server.requested.append(f"{self.command} {self.path}")
            self.answer(200, CREDENTIALS)

        do_POST = do_PUT = do_HEAD = do_GET

    with serving(Handler) as server:
        server.requested = []
        yield server


@pytest.fixture
def machine(betrayer, tmp_path):
    """Return a function that gives the variables of a machine with these ways to credentials, where AWS betrays calls."""
    file = tmp_path / "file"
    file.write_text(PROFILES)
    services = ("", "_S3", "_STS", "_DYNAMODB", "_SQS")

    def machine(*ways):
        variables = {name: value for way in ways for name, value in WAYS[way].items()}
        variables |= dict.fromkeys((f"AWS_ENDPOINT_URL{service}" for service in services), "{url}")
        return {name: value.format(url=betrayer.url, file=file) for name, value in variables.items()}

    return machine


@pytest.mark.parametrize("way", WAYS)
def test_nothing_that_a_machine_has_is_found_by_a_client(monkeypatch, betrayer, machine, way):
    variables = isolated(machine(way) | {"HOME": os.devnull})
    monkeypatch.setattr(os, "environ", variables)

    session = boto3.Session()

    assert session.get_credentials() is None
    assert session.region_name is None
    with pytest.raises(BotoCoreError):
        session.client("sts", region_name="eu-central-1").get_caller_identity()
    assert betrayer.requested == []


def test_a_client_with_keys_of_its_own_calls_nowhere(monkeypatch, machine):
    monkeypatch.setattr(os, "environ", isolated(machine(*WAYS)))
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-central-1"}

    with pytest.raises(BotoCoreError, match=f'Could not connect to the endpoint URL: "{NOWHERE}'):
        boto3.client("sts", **keys).get_caller_identity()


def test_a_run_of_the_tests_is_isolated_before_the_first_of_them(betrayer, machine, tmp_path):
    (tmp_path / "test_careless.py").write_text(CARELESS_TESTS)
    # `make test` runs in a local environment, which stays reachable; here is a machine without one.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("TIDEMARK_")}

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "tests.conftest",
            str(tmp_path),
        ],
        cwd=ROOT,
        env={**outside, **machine(*WAYS)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "1 passed" in done.stdout
    assert betrayer.requested == []


def test_a_local_environment_stays_reachable():
    environment = {
        "TIDEMARK_API_URL": "http://127.0.0.1:4566/api",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }

    variables = isolated(
        environment | {"AWS_PROFILE": "work", "AWS_ENDPOINT_URL_S3": "https://s3.amazonaws.com"}
    )

    assert environment.items() <= variables.items()
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL_S3"} & variables.keys()
