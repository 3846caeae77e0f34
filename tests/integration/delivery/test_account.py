"""The way to AWS as far as LocalStack goes: its account 000000000000, reached by AWS's own variables, the target dev.

LocalStack has no registry to push images to, so `make deploy` must stop before them, and the data stack alone stands for the
deployment: with the bootstrap and by the default synthesizer, as on AWS, its data retained.
"""

import sys
from pathlib import Path

import pytest

from tests.integration.delivery.conftest import run, said
from tests.integration.local.conftest import ROOT, environ

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

HERE = {"ACCOUNT": "000000000000", "REGION": "us-east-1"}
REGISTRY = "Tidemark-RegistryStack"
STACK = "Tidemark-dev-StorageStack"


@pytest.fixture(scope="module")
def make(empty):
    """Return a function that runs `make` for the target dev with AWS's variables."""

    def make(*arguments, **place):
        pairs = [f"{name}={value}" for name, value in (HERE | place).items() if value]
        return empty.make(*arguments, "TARGET=dev", *pairs, **empty.variables)

    return make


@pytest.fixture(scope="module")
def nothing(empty):
    return empty.holds()


@pytest.fixture(scope="module")
def bootstrapped(make, nothing):
    return make("bootstrap")


@pytest.fixture(scope="module")
def deployed(empty, bootstrapped):
    """Deploy by the plain command line, in infra_cdk/, without a node on PATH."""
    arguments = ["Tidemark-dev/StorageStack", "-c", "target=dev", "--require-approval", "never", "--ci"]
    variables = environ(**empty.variables, PATH="/usr/bin:/bin")
    return run([Path(sys.prefix) / "bin" / "cdk", "deploy", *arguments], variables, ROOT / "infra_cdk")


def test_without_a_bootstrap_deploy_stops_at_once(make, empty, nothing):
    refused = make("deploy")

    assert refused.returncode != 0
    assert refused.stderr.startswith(
        "deploy: account 000000000000 is not bootstrapped for the CDK in region us-east-1"
    )
    assert empty.holds() == nothing


def test_bootstrap_says_where_and_makes_the_toolkit(bootstrapped, empty):
    assert bootstrapped.returncode == 0, said(bootstrapped)
    assert bootstrapped.stdout.startswith(
        "bootstrap target dev: account 000000000000, region us-east-1, as arn:aws:iam::000000000000:root\n"
    )
    assert empty.holds()["stacks"] == ["CDKToolkit CREATE_COMPLETE"]


def test_deploy_makes_the_registry_first_and_without_images_touches_nothing_else(make, bootstrapped, empty):
    stopped = make("deploy")

    assert stopped.returncode != 0
    assert "\npush-images: " in "\n" + stopped.stderr
    assert (
        "deploy: the images are not pushed, the reason is above; the stacks were not touched\n"
        in stopped.stderr
    )
    assert empty.holds()["stacks"] == ["CDKToolkit CREATE_COMPLETE", f"{REGISTRY} CREATE_COMPLETE"]


def test_the_plain_command_line_deploys_by_the_bootstrap(deployed, empty):
    assert deployed.returncode == 0, said(deployed)
    assert f"{STACK} CREATE_COMPLETE" in empty.holds()["stacks"]


def test_validate_names_the_stack_that_is_missing(make, deployed):
    validated = make("validate")

    assert validated.returncode != 0
    assert "fail  stacks        there is no Tidemark-dev-LambdaStack\n" in validated.stdout
    assert "validate: 8 checks failed" in validated.stderr


def test_a_healthy_stack_needs_no_recovery_and_an_unknown_one_is_named(make, deployed):
    healthy = make("recover", f"STACK={STACK}")
    unknown = make("recover", "STACK=Tidemark-dev-NoStack")

    assert healthy.stdout == (
        f"{STACK} is CREATE_COMPLETE\n# CREATE_COMPLETE is no state to recover from\n"
    ), said(healthy)
    assert "recover: there is no stack Tidemark-dev-NoStack in region us-east-1" in unknown.stderr


def test_destroy_says_what_stays_and_how_to_remove_it_and_the_stack_goes(make, deployed, empty):
    before = empty.holds()
    data = [name for name in before["buckets"] if "tidemark-dev" in name]

    destroyed = make("destroy", "CONFIRM=dev")

    assert destroyed.returncode == 0, said(destroyed)
    assert "this data stays:" in destroyed.stdout
    assert "this data is LOST" not in destroyed.stdout
    assert len(data) == 2
    for bucket in data:
        assert f"  aws s3 rb s3://{bucket} --force --region us-east-1\n" in destroyed.stdout
    for table in before["tables"]:
        assert f"  aws dynamodb delete-table --region us-east-1 --table-name {table}\n" in destroyed.stdout
    assert f"left, because all targets share it: {REGISTRY} with the images." in destroyed.stdout
    # LocalStack heeds no deletion policy, so whether the data is there afterwards is for AWS to show.
    assert empty.holds()["stacks"] == ["CDKToolkit CREATE_COMPLETE", f"{REGISTRY} CREATE_COMPLETE"]


def test_the_registry_goes_last_and_by_hand(make, deployed, empty):
    destroyed = empty.cdk("destroy", REGISTRY, "-c", "target=dev", "--force")

    assert destroyed.returncode == 0, said(destroyed)
    assert empty.holds()["stacks"] == ["CDKToolkit CREATE_COMPLETE"]
