"""What `make deploy` does around the CDK's command line: its order, its settings, and how it fails."""

import json
import subprocess
import sys
from unittest.mock import Mock

import pytest

from infra_cdk.images import SERVICES
from tests.unit.tools.operations.stand_ins import StoodIn
from tidemark.aws.deployment import Deployment
from tidemark.aws.stacks import StackState
from tidemark.deliver import cdk as command_line
from tidemark.deliver import deploy
from tidemark.errors import CommandError


class CommandLine:
    """Stands in for the CDK's command line: notes its arguments and fails as it is told to."""

    def __init__(self):
        self.requested = []
        self.failing = {}

    def __call__(self, arguments, _environ):
        self.requested.append(list(arguments))
        return self.failing.get(arguments[0], 0)


@pytest.fixture
def cdk(monkeypatch):
    made = CommandLine()
    monkeypatch.setattr("tidemark.deliver.cdk.run", made)
    monkeypatch.setattr(command_line, "variables", lambda _: {})
    return made


@pytest.fixture
def stacks(monkeypatch):
    """Let the target's two stacks exist."""
    names = ("Tidemark-local-LambdaStack", "Tidemark-local-StorageStack")
    there = tuple(StackState(name, "CREATE_COMPLETE", 1) for name in names)
    monkeypatch.setattr(Deployment, "stacks", lambda _: there)


@pytest.mark.parametrize(
    ("context", "architecture"),
    [
        (["architecture=arm64"], "arm64"),
        ([], "x86_64"),
        (["architecture=arm64", "architecture=x86_64"], "x86_64"),
    ],
)
def test_images_are_pushed_for_the_architecture_of_the_functions(
    cdk, stacks, monkeypatch, context, architecture
):
    pushed = Mock(return_value=Mock(returncode=1))
    monkeypatch.setattr(subprocess, "run", pushed)

    with pytest.raises(CommandError, match="the images are not pushed"):
        deploy.deploy(StoodIn({}, target="dev"), context)

    command = [sys.executable, "-m", "tidemark.cli", "push-images", "--architecture", architecture]
    pushed.assert_called_once_with(command, env={}, check=False)


@pytest.mark.parametrize("recorded", [{"registry": "222222222222.dkr.ecr.eu-central-1.amazonaws.com"}, {}])
def test_digests_of_another_account_are_refused_before_any_stack_is_touched(
    cdk, stacks, monkeypatch, tmp_path, recorded
):
    digests = dict.fromkeys(SERVICES, "sha256:" + "ab" * 32)
    (tmp_path / "images.json").write_text(json.dumps({"git_sha": "1", **recorded, "images": digests}))
    monkeypatch.setattr(deploy, "IMAGES_FILE", tmp_path / "images.json")
    monkeypatch.setattr(subprocess, "run", Mock(return_value=Mock(returncode=0)))
    identity = {"Account": "111111111111", "Arn": "arn:aws:iam::111111111111:user/somebody"}
    sts = Mock(get_caller_identity=Mock(return_value=identity))

    with pytest.raises(CommandError, match="AWS_REGION=eu-central-1 make push-images"):
        deploy.deploy(StoodIn({"sts": sts}, target="dev"), [])

    assert [arguments[1] for arguments in cdk.requested] == ["Tidemark-RegistryStack"]


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (["ephemerl=true"], "unknown setting 'ephemerl'"),
        (["ephemeral=perhaps"], "setting 'ephemeral' is true or false, not 'perhaps'"),
        (["ephemeral"], "CONTEXT holds 'ephemeral', which is not of the form key=value"),
    ],
)
@pytest.mark.parametrize("target", ["local", "dev"])
def test_a_wrong_setting_is_named_before_anything_is_started(cdk, target, context, message):
    with pytest.raises(CommandError) as caught:
        deploy.deploy(StoodIn({}, target=target), context)

    assert str(caught.value).startswith(message)
    assert cdk.requested == []


def test_an_app_that_cannot_be_synthesized_is_no_difference(cdk, stacks):
    cdk.failing = {"synth": 1, "diff": 1}

    with pytest.raises(CommandError) as caught:
        deploy.deploy(Deployment("local", "http://127.0.0.1:1"), [])

    assert str(caught.value).startswith("cdk synth failed (1), its reason is above")
    assert [arguments[0] for arguments in cdk.requested] == ["synth"]


def test_an_update_that_localstack_would_only_pretend_to_make_is_refused(cdk, stacks):
    cdk.failing = {"diff": 1}

    with pytest.raises(CommandError) as caught:
        deploy.deploy(Deployment("local", "http://127.0.0.1:1"), ["ephemeral=true"])

    assert str(caught.value) == "LocalStack cannot update a stack: make destroy TARGET=local first"
    synth, diff = cdk.requested
    assembly = synth[synth.index("--output") + 1]
    assert diff[diff.index("--app") + 1] == assembly
    assert diff[1:3] == ["Tidemark-local/LambdaStack", "Tidemark-local/StorageStack"]
    assert "ephemeral=true" in synth
