import uuid

import pytest

from tidemark import cli
from tidemark.resources import names_of


@pytest.fixture
def name(monkeypatch, aws_endpoint):
    """Return the name of a set of resources of the test's own on the engine; they go with it."""
    for variable in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    name = f"t{uuid.uuid4().hex[:12]}"
    yield name
    cli.main(["resources", "--name", name, "--delete", "--with-data"])


@pytest.fixture
def names(name):
    return names_of("000000000000", "us-east-1", name)


@pytest.fixture
def run(name, capsys):
    """Return a function that runs the command and returns its exit code, output and error output."""

    def run(*arguments):
        return cli.main(["resources", "--name", name, *arguments]), *capsys.readouterr()

    return run
