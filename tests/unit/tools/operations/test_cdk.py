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


def test_the_command_line_gets_the_credentials_that_were_verified_and_no_profile(monkeypatch, tmp_path):
    nobody(monkeypatch, tmp_path)
    config = tmp_path / "credentials"
    config.write_text(
        "[work]\naws_access_key_id = key\naws_secret_access_key = secret\naws_session_token = token\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    variables = cdk.variables(Deployment("prod"))

    assert {name: variables[name] for name in NAMES if name in variables} == {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }


def test_a_session_token_of_other_credentials_is_not_passed_on(monkeypatch, tmp_path):
    nobody(monkeypatch, tmp_path)
    config = tmp_path / "credentials"
    config.write_text("[work]\naws_access_key_id = key\naws_secret_access_key = secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "another's")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    assert "AWS_SESSION_TOKEN" not in cdk.variables(Deployment("prod"))


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
