"""What CloudFormation would do at an update, a rollback and a deletion. LocalStack makes no updates, so only AWS shows it."""

import json
from collections.abc import Mapping

import pytest

from infra_cdk.app import build
from tests.infra import stateful
from tests.infra.replacing import replaced
from tests.infra.templates import nodes, text
from tests.updates import version_0_1

VERSION = "AWS::Lambda::Version"
MAX_DESCRIPTION = 256
"""AWS's limit for the description of a version."""
IN_THE_LOGICAL_ID = {"StageName", "RestApiId"}
"""Properties of the API's stage, whose logical id is made from both."""
RANDOM_CHARACTERS = 14
"""A hyphen and the part that CloudFormation adds to the names that it generates."""


@pytest.fixture
def on_aws(synth, aws_target):
    return synth(target=aws_target)["LambdaStack"]


def version_of(stack, service):
    """Return the logical id and the resource of the version that a service's alias points to."""
    name = stack.alias(service)[1]["Properties"]["FunctionVersion"]["Fn::GetAtt"][0]
    return name, stack.resources[name]


def parameters_in(stack, value) -> set[str]:
    """Return the SSM parameters that a part of a template refers to, by their logical names."""
    read = {
        name
        for name, parameter in stack.body["Parameters"].items()
        if parameter["Type"].startswith("AWS::SSM::Parameter::Value")
    }
    return {node["Ref"] for node in nodes(value) if isinstance(node, Mapping) and node.get("Ref") in read}


def test_a_rolled_back_update_takes_its_version_back_and_the_next_try_can_publish_it_again(
    application, service
):
    """Lambda refuses a second version of the same code and configuration: "a version for this function exists"."""
    _, version = version_of(application, service)

    assert version["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_version_that_an_update_replaced_stays_to_go_back_to(application, service):
    _, version = version_of(application, service)

    assert version["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("found", ["DataBucketName", "PlotBucketName", "HistoryTableName", "LedgerTableName"])
def test_another_name_behind_a_parameter_makes_a_new_version_where_the_function_reads_it_and_nowhere_else(
    on_aws, service, found
):
    """Without a new version, the alias keeps the old name. With one, if nothing changed, Lambda refuses to publish it."""
    _, function = on_aws.function(service)
    _, version = version_of(on_aws, service)

    read = found in parameters_in(on_aws, function)
    assert (found in parameters_in(on_aws, version["Properties"].get("Description", ""))) is read


def test_another_description_makes_cloudformation_publish_another_version():
    assert "Description" in stateful.replacing_properties(VERSION)


def test_the_names_in_a_description_fit_whatever_cloudformation_generates(synth, aws_target, service):
    stacks = synth(target=aws_target)
    description = text(version_of(stacks["LambdaStack"], service)[1]["Properties"]["Description"])

    for output in ("DataBucketName", "PlotBucketName", "HistoryTableName", "LedgerTableName"):
        generated = f"{stacks['StorageStack'].name}-{stacks['StorageStack'].by_output(output)}"
        longest = len(generated) + RANDOM_CHARACTERS
        if output.endswith("BucketName"):
            longest = min(longest, 63)
        description = description.replace(f"${{{output}}}", "n" * longest)

    assert "$" not in description
    assert len(description) <= MAX_DESCRIPTION


def test_nothing_that_a_function_refers_to_in_its_own_stack_can_be_replaced_under_its_logical_id(
    on_aws, service
):
    """Such a replacement, too, would change a name and no text that the version's hash is made from."""
    _, function = on_aws.function(service)
    referred = {
        node.get("Ref") or node["Fn::GetAtt"][0]
        for node in nodes(function)
        if isinstance(node, Mapping) and set(node) <= {"Ref", "Fn::GetAtt"} and node
    }

    own = referred & on_aws.resources.keys()

    assert own
    for name in own:
        resource = on_aws.resources[name]
        may_replace = set(stateful.replacing_properties(resource["Type"])) - IN_THE_LOGICAL_ID
        assert not may_replace & resource.get("Properties", {}).keys(), name


def test_an_upgrade_from_version_0_1_replaces_nothing_but_versions(synth):
    """tests/updates executes it, on an emulator that knows only some of the properties that replace a resource."""
    for name, before in version_0_1.recorded("base").items():
        stack = synth(target="dev")[name]

        assert {stack.resources[each]["Type"] for each in replaced(before, stack.body)} <= {VERSION}


def test_the_stack_of_prods_data_is_protected_against_its_deletion_and_no_other(tmp_path):
    protected = {
        artifact["properties"].get("stackName", name)
        for target in ("prod", "dev", "local")
        for name, artifact in _manifest(tmp_path / target, target).items()
        if artifact["type"] == "aws:cloudformation:stack"
        and artifact["properties"].get("terminationProtection")
    }

    assert protected == {"Tidemark-prod-StorageStack"}


def _manifest(directory, target):
    build({"target": target}, outdir=str(directory), images_file=directory / "missing.json").synth()
    (manifest,) = directory.glob("assembly-*/manifest.json")
    return json.loads(manifest.read_text())["artifacts"]
