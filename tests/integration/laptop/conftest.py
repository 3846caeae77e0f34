import uuid

import boto3
import pytest

from tidemark import cli
from tidemark.resources import names_of

ACCOUNT = "000000000000"
REGION = "us-east-1"


@pytest.fixture
def environment(monkeypatch, aws_endpoint):
    """Make the shell's environment that of somebody who works against the engine."""
    for variable in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture
def name(environment):
    """Return the name of a set of resources of the test's own; they go with it."""
    name = f"t{uuid.uuid4().hex[:12]}"
    yield name
    cli.main(["resources", "--name", name, "--delete", "--with-data"])


@pytest.fixture
def names(name):
    return names_of(ACCOUNT, REGION, name)


@pytest.fixture
def run(name, capsys):
    """Return a function that runs the command and returns its exit code, output and error output."""

    def run(*arguments):
        code = cli.main(["resources", "--name", name, *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run
