"""The image repositories: fixed names, immutable tags, scanned, and Lambda may pull."""

import json

import pytest

from tests.infra.templates import Stack, text

REPOSITORY = "AWS::ECR::Repository"


@pytest.fixture
def registry(synth) -> Stack:
    return synth(target="prod")["RegistryStack"]


def test_there_is_one_repository_for_each_function(registry):
    assert {repository["RepositoryName"] for repository in registry.all(REPOSITORY)} == {
        "tidemark/size-tracking",
        "tidemark/plotting",
        "tidemark/driver",
    }


def test_a_tag_never_moves_and_every_pushed_image_is_scanned(registry):
    for repository in registry.all(REPOSITORY):
        assert repository["ImageTagMutability"] == "IMMUTABLE"
        assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}


def test_no_image_with_a_tag_ever_expires(registry):
    for repository in registry.all(REPOSITORY):
        (rule,) = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
        assert rule["selection"]["tagStatus"] == "untagged"


def test_lambda_may_pull_for_functions_of_this_account_and_nobody_else_may_anything(registry):
    for repository in registry.all(REPOSITORY):
        (statement,) = repository["RepositoryPolicyText"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert statement["Action"] == ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        assert text(statement["Condition"]["StringLike"]["aws:sourceArn"]) == (
            "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:*"
        )


def test_a_repository_goes_with_its_stack_and_never_with_images_in_it(registry):
    for name in registry.ids(REPOSITORY):
        assert registry.resources[name]["DeletionPolicy"] == "Delete"
        assert "EmptyOnDelete" not in registry.resources[name]["Properties"]


def test_a_demonstration_on_aws_changes_nothing_about_the_registry_that_it_shares(synth, registry):
    assert synth(target="dev", ephemeral="true")["RegistryStack"] == registry
