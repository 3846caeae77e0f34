"""IAM_ENFORCEMENT says whose calls are checked."""

import signal

import pytest
import requests
from callers import Caller, refused, usage

from harness import REGION, SECONDS, LocalStack


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    localstack = LocalStack(tmp_path_factory.mktemp("strict"), IAM_ENFORCEMENT="strict")
    yield localstack
    localstack.stop(signal.SIGKILL)


def test_off_checks_nothing(other_localstack, name):
    caller = Caller(other_localstack, name)

    caller.client("s3").list_buckets()

    assert usage(other_localstack, caller.arn) == {}


def test_roles_does_not_check_a_role_that_nobody_made(localstack, name):
    caller = Caller(localstack, name)
    caller.iam.delete_role(RoleName=name)

    caller.client("s3").list_buckets()


def test_strict_checks_the_sessions_of_every_role(strict, name):
    caller = Caller(strict, name)
    caller.iam.delete_role(RoleName=name)

    with refused("AccessDenied", status=403):
        caller.client("s3").list_buckets()


def test_strict_wants_signatures(strict, name):
    strict.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    target = {"X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": "application/x-amz-json-1.0"}

    assert requests.get(f"{strict.url}/{name}", timeout=SECONDS).status_code == 403
    answer = requests.post(strict.url, "{}", headers=target, timeout=SECONDS)
    assert (answer.status_code, answer.json()["message"]) == (400, "Missing Authentication Token")
    assert requests.get(f"{strict.url}/_localstack/health", timeout=SECONDS).status_code == 200


def test_strict_wants_keys_that_were_given_out(strict):
    keys = {"aws_access_key_id": "LSIAQAAAAAAAAAAAAAAA", "aws_secret_access_key": "x"}

    with refused("UnrecognizedClientException", status=400):
        strict.client("dynamodb", **keys).list_tables()
    with refused("InvalidAccessKeyId", status=403):
        strict.client("s3", **keys).list_buckets()


def test_another_mode_is_refused_at_the_start(tmp_path):
    localstack = LocalStack(tmp_path, wait=False, IAM_ENFORCEMENT="some")

    assert localstack.process.wait(SECONDS) == 1
    assert "IAM_ENFORCEMENT must be one of off, roles, strict, not 'some'" in localstack.log.read_text()
