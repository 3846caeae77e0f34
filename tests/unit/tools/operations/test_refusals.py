"""What a refusal of AWS means to a person: one line with the thing and the fix."""

import pytest
from botocore import exceptions as errors

from tests.unit.tools.operations.conftest import nobody
from tests.unit.tools.operations.stand_ins import refused
from tidemark.aws.refusals import explained
from tidemark.images.registry import Ecr

HERE = "region eu-central-1"
SIGN_IN = "sign in (aws sso login, aws configure) or set AWS_PROFILE"


def no(code):
    return refused(code, "User x is not authorized\nto perform y", "CreateTable")


@pytest.mark.parametrize(
    ("error", "begin", "end"),
    [
        (no("ExpiredToken"), "the AWS credentials have expired", SIGN_IN),
        (no("ExpiredTokenException"), "the AWS credentials have expired", SIGN_IN),
        (no("UnrecognizedClientException"), f"AWS does not know the credentials in {HERE}", "AWS_REGION"),
        (no("SignatureDoesNotMatch"), f"AWS does not know the credentials in {HERE}", "clock is wrong"),
        (
            no("AccessDeniedException"),
            f"the credentials may not do that in {HERE} (An",
            "use a role that may",
        ),
        (no("TooManyBuckets"), "a limit of the account is reached (An", "ask AWS for more"),
        (no("ServerError"), "An error occurred (ServerError) when calling the CreateTable", "to perform y"),
        (errors.CredentialRetrievalError(provider="sso", error_msg="no"), "the AWS credentials", SIGN_IN),
        (
            errors.EndpointConnectionError(endpoint_url="https://sts.eu-central-1.amazonaws.com/"),
            f"AWS does not answer in {HERE} (Could not connect",
            "check AWS_REGION and the network",
        ),
        (
            errors.EndpointConnectionError(endpoint_url="http://127.0.0.1:4566/"),
            "nothing answers at http://127.0.0.1:4566: run make local-up",
            "for AWS",
        ),
        (
            errors.WaiterError(name="x", reason="y", last_response={}),
            "Waiter x failed",
            "what is there stays",
        ),
        (errors.BotoCoreError(), "AWS cannot be asked", SIGN_IN),
    ],
)
def test_it_is_one_line_that_says_what_to_do(error, begin, end):
    line = explained(error, "eu-central-1")

    assert line.startswith(begin)
    assert line.endswith(end)
    assert "\n" not in line


def test_the_region_of_the_call_goes_before_the_default_one(monkeypatch, tmp_path):
    nobody(monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    assert Ecr().region == "eu-central-1"
