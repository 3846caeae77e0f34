"""The checklist on the environment that the tests run in."""

import os

import pytest

from tidemark.aws.deployment import Deployment
from tidemark.deliver.validate import validate

ABOUT = ["stacks", "data bucket", "plot bucket", "history", "plotting API", "plot object", "tracked"]


@pytest.fixture
def deployment(environment) -> Deployment:
    return Deployment("local", os.environ["AWS_ENDPOINT_URL"])


def test_a_running_environment_meets_every_check(deployment):
    checks = list(validate(deployment))

    assert [check.about for check in checks] == ABOUT
    assert [check for check in checks if not check.well] == []


def test_one_check_that_fails_does_not_hide_the_others(deployment):
    deployment.__dict__["outputs"] = {**deployment.outputs, "PlotBucketName": "no-such-bucket-anywhere"}

    checks = list(validate(deployment))

    assert {check.about for check in checks if not check.well} == {"plot bucket", "plot object"}
    assert "there is no s3://no-such-bucket-anywhere" in {check.text for check in checks}
