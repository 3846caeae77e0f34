"""What the CDK's command line is told about account and region, and how its installation fails."""

import json
import subprocess

import pytest
from botocore.exceptions import NoCredentialsError

from infra_cdk.settings import QUEUE_PROFILES
from tests.unit.tools.operations.conftest import nobody
from tidemark.aws.deployment import Deployment
from tidemark.deliver import cdk
from tidemark.errors import CommandError

NAMES = (
    *("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_REGION", "AWS_DEFAULT_REGION"),
)


@pytest.mark.parametrize("token", ["token", None])
def test_the_command_line_gets_the_credentials_that_were_verified_and_nothing_of_others(
    monkeypatch, tmp_path, token
):
    nobody(monkeypatch, tmp_path)
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    keys |= {"aws_session_token": token} if token else {}
    config = tmp_path / "credentials"
    config.write_text("[work]\n" + "".join(f"{name} = {value}\n" for name, value in keys.items()))
    others = {"AWS_PROFILE": "work", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}
    others |= {"AWS_SHARED_CREDENTIALS_FILE": str(config), "AWS_SESSION_TOKEN": "another's"}
    for name, value in others.items():
        monkeypatch.setenv(name, value)

    variables = cdk.variables(Deployment("prod"))

    expected = {name.upper(): value for name, value in keys.items()}
    expected |= dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), "eu-west-1")
    assert {name: variables[name] for name in NAMES if name in variables} == expected


def test_without_credentials_nothing_is_started(monkeypatch, tmp_path):
    nobody(monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    with pytest.raises(NoCredentialsError):
        cdk.variables(Deployment("prod"))


def test_a_local_deployment_reaches_localstack_and_nothing_else(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")

    variables = cdk.variables(Deployment("local", "http://127.0.0.1:4599"))

    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4599"
    assert variables["AWS_ACCESS_KEY_ID"] == "test"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(variables)


def test_a_targets_section_and_then_the_commands_own_settings_are_the_apps(monkeypatch, tmp_path):
    context = {
        "target": "prod",
        "architecture": "x86_64",
        "dev": {"queueProfile": "high-volume", "ephemeral": True},
    }
    (tmp_path / "cdk.json").write_text(json.dumps({"context": context}))
    monkeypatch.setattr(cdk, "HERE", tmp_path)

    dev = cdk.settings_of(Deployment("dev"), ["ephemeral=false"])

    assert (dev.target, dev.queue, dev.ephemeral) == ("dev", QUEUE_PROFILES["high-volume"], False)
    assert cdk.settings_of(Deployment("prod"), []).queue == QUEUE_PROFILES["default"]


def test_an_installation_that_takes_too_long_is_one_line(tmp_path, monkeypatch):
    def hang(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": {}}))
    monkeypatch.setattr(subprocess, "run", hang)

    with pytest.raises(
        CommandError, match=r"^npm ci took longer than 300 s: check the network, then repeat$"
    ):
        cdk.install(tmp_path, tmp_path)
