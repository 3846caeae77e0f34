"""The pipeline: which stages in which order, what feeds which, and that it delivers what `make deploy` does."""

import json
import re

import pytest

from infra_cdk.images import SERVICES
from infra_cdk.pipeline_stack import PYTHON_IMAGE
from infra_cdk.settings import HERE
from tests.infra.templates import grants, nodes

ARN = "arn:aws:codeconnections:eu-central-1:123456789012:connection/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
CONTEXT = {"connectionArn": ARN, "sourceRepository": "owner/tidemark", "sourceBranch": "release"}

STEPS = ("Test", "Images", "Synth", "SelfMutate")


@pytest.fixture
def stacks(synth):
    """Return prod's stacks with a pipeline; the checks of cdk-nag would have failed the synth."""
    return synth(target="prod", **CONTEXT)


@pytest.fixture
def pipeline(stacks):
    return stacks["PipelineStack"]


@pytest.fixture
def stages(pipeline):
    return pipeline.one("AWS::CodePipeline::Pipeline")["Stages"]


def action(stages, name):
    (found,) = [action for stage in stages for action in stage["Actions"] if action["Name"] == name]
    return found


def artifacts(listing):
    return {artifact["Name"] for artifact in listing}


def project(pipeline, stages, name):
    """Return the build project that an action runs."""
    return pipeline.resources[action(stages, name)["Configuration"]["ProjectName"]["Ref"]]["Properties"]


def commands(pipeline, stages, name):
    phases = json.loads(project(pipeline, stages, name)["Source"]["BuildSpec"])["phases"]
    return [command for phase in ("install", "build") for command in phases[phase]["commands"]]


def allowed(pipeline, stages, name):
    """Return what a build project may do: pairs of an action and a resource."""
    role = project(pipeline, stages, name)["ServiceRole"]["Fn::GetAtt"][0]
    return grants(pipeline.statements("AWS::IAM::Policy", role))


def test_source_test_images_synth_self_update_deploy_in_this_order(stages):
    order = [
        action["Name"]
        for stage in stages
        for action in sorted(stage["Actions"], key=lambda action: action["RunOrder"])
    ]

    assert order[:5] == ["owner_tidemark", "Test", "Images", "Synth", "SelfMutate"]
    assert [name for name in order[5:] if name.endswith(".Deploy")] == [
        "StorageStack.Deploy",
        "BackupStack.Deploy",
        "LambdaStack.Deploy",
        "ObservabilityStack.Deploy",
    ]


def test_nothing_is_pushed_that_was_not_tested_and_nothing_deployed_that_was_not_pushed(stages):
    build = {action["Name"]: action["RunOrder"] for action in stages[1]["Actions"]}
    deploy = {action["Name"]: action["RunOrder"] for action in stages[3]["Actions"]}

    assert build["Test"] < build["Images"] < build["Synth"]
    assert deploy["StorageStack.Deploy"] < deploy["LambdaStack.Prepare"]
    assert deploy["LambdaStack.Deploy"] < deploy["ObservabilityStack.Prepare"]


def test_the_source_is_a_branch_through_the_connection_with_its_commits(stages):
    source = action(stages, "owner_tidemark")

    assert source["ActionTypeId"]["Provider"] == "CodeStarSourceConnection"
    assert source["Configuration"] == {
        "ConnectionArn": ARN,
        "FullRepositoryId": "owner/tidemark",
        "BranchName": "release",
        "OutputArtifactFormat": "CODEBUILD_CLONE_REF",
    }


def test_each_step_installs_what_it_needs(pipeline, stages):
    for name in ("Test", "Images", "Synth"):
        assert "make install" in commands(pipeline, stages, name)
    assert commands(pipeline, stages, "Test")[-2:] == [
        "make check",
        ".venv/bin/python -m pytest tests/unit tests/infra",
    ]


def test_the_digests_of_the_images_are_an_input_of_synth(pipeline, stages):
    pushed = artifacts(action(stages, "Images")["OutputArtifacts"])
    images = json.loads(project(pipeline, stages, "Images")["Source"]["BuildSpec"])
    synth = commands(pipeline, stages, "Synth")

    assert len(pushed) == 1
    assert pushed <= artifacts(action(stages, "Synth")["InputArtifacts"])
    assert images["artifacts"]["base-directory"] == "pushed"
    assert commands(pipeline, stages, "Images")[-3:] == [
        "make push-images ARCHITECTURE=x86_64",
        "mkdir pushed",
        "mv images.json pushed/",
    ]
    assert any("$CODEBUILD_SRC_DIR_Images_Output" in command and '"pushed"' in command for command in synth)
    assert synth.index("mv pushed/images.json .") < len(synth) - 1
    assert "infra_cdk.app" in synth[-1]


def test_synth_finds_the_pipeline_again(pipeline, stages):
    """Or the self-update would come upon an app without a pipeline."""
    synth = commands(pipeline, stages, "Synth")[-1]

    assert dict(re.findall(r"-c (\w+)=(\S+)", synth)) == {
        "target": "prod",
        "architecture": "x86_64",
        **CONTEXT,
    }


def test_images_their_machine_and_the_functions_have_one_architecture_that_the_pipeline_passes_on(synth):
    stacks = synth(target="prod", architecture="arm64", **CONTEXT)
    pipeline = stacks["PipelineStack"]
    stages = pipeline.one("AWS::CodePipeline::Pipeline")["Stages"]

    assert "make push-images ARCHITECTURE=arm64" in commands(pipeline, stages, "Images")
    assert project(pipeline, stages, "Images")["Environment"]["Type"] == "ARM_CONTAINER"
    assert " -c architecture=arm64 " in commands(pipeline, stages, "Synth")[-1]
    for service in SERVICES:
        assert stacks["LambdaStack"].function(service)[1]["Architectures"] == ["arm64"]


def test_the_pipeline_updates_itself_by_the_pinned_command_line_before_it_deploys(stages, pipeline):
    install, update = commands(pipeline, stages, "SelfMutate")

    assert install == "npm install -g aws-cdk@2.1148.1"
    assert "deploy Tidemark-PipelineStack" in update
    assert artifacts(action(stages, "SelfMutate")["InputArtifacts"]) == artifacts(
        action(stages, "Synth")["OutputArtifacts"]
    )


def test_what_is_deployed_comes_from_synth(stages):
    output = artifacts(action(stages, "Synth")["OutputArtifacts"])

    for prepared in stages[3]["Actions"]:
        if prepared["Name"].endswith(".Prepare"):
            assert artifacts(prepared["InputArtifacts"]) == output
            assert prepared["Configuration"]["StackName"].startswith("Tidemark-prod-")


def test_the_pipeline_deploys_what_make_deploy_deploys_to_the_last_logical_id(synth, stacks):
    """Another logical id of the queue's mapping would be a second mapping of one queue, which Lambda refuses."""
    by_hand = synth(target="prod")

    for name, stack in by_hand.items():
        assert stacks[name].body == stack.body


def test_the_registry_is_outside_of_what_is_deployed(stages, stacks):
    assert "RegistryStack" in stacks
    assert not [action for stage in stages for action in stage["Actions"] if "Registry" in json.dumps(action)]


def test_only_the_step_of_the_images_may_push_them_to_the_functions_repositories_and_runs_docker(
    pipeline, stages
):
    pushed_to = {
        name: {
            resource.rpartition(":repository/tidemark/")[2]
            for allowed_action, resource in allowed(pipeline, stages, name)
            if allowed_action == "ecr:PutImage"
        }
        for name in STEPS
    }

    assert {name for name in STEPS if pushed_to[name]} == {"Images"}
    assert pushed_to["Images"] == {"size-tracking", "plotting", "driver"}
    for name in STEPS:
        assert project(pipeline, stages, name)["Environment"]["PrivilegedMode"] is (name == "Images")


def test_the_images_are_made_from_awss_copy_of_their_base_as_docker_hub_limits_pulls(pipeline, stages):
    variables = {
        variable["Name"]: variable["Value"]
        for variable in project(pipeline, stages, "Images")["Environment"]["EnvironmentVariables"]
    }

    assert variables["PYTHON_IMAGE"] == "public.ecr.aws/docker/library/python:3.13-slim"


def test_the_base_that_the_pipeline_uses_is_the_one_of_the_images_recipe():
    recipe = (HERE.parent / "images" / "lambda" / "Dockerfile").read_text()
    (default,) = re.findall(r"^ARG PYTHON_IMAGE=(.+)$", recipe, re.MULTILINE)

    assert f"public.ecr.aws/docker/library/{default}" == PYTHON_IMAGE


def test_a_step_that_fetches_the_source_may_use_the_connection_by_its_new_name(pipeline, stages):
    for name in ("Test", "Images", "Synth"):
        assert {allowed_action for allowed_action, on in allowed(pipeline, stages, name) if on == ARN} == {
            "codeconnections:UseConnection",
            "codestar-connections:UseConnection",
        }


def test_without_a_connection_there_is_no_pipeline(synth, target):
    assert "PipelineStack" not in synth(target=target)


def test_the_connection_comes_from_context_and_nowhere_else(pipeline, synth):
    other = ARN.replace("0f1e2d3c", "99999999")
    moved = synth(target="prod", **CONTEXT | {"connectionArn": other})["PipelineStack"]

    assert ARN not in json.dumps(moved.body)
    assert other in [node for node in nodes(moved.body) if isinstance(node, str)]
