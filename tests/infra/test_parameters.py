"""Names are generated and published as SSM parameters, so no stack is locked to another one."""

import json

import pytest

from infra_cdk.app import build
from tests.infra.templates import keys

PHYSICAL_NAMES = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Events::Rule": "Name",
}

OUTPUTS = {
    "StorageStack": {"DataBucketName", "PlotBucketName", "HistoryTableName", "LedgerTableName"},
    "LambdaStack": {"ApiUrl", "ApiId", "ApiStageName", "QueueUrl", "DlqUrl", "RuleDlqUrl"}
    | {"SizeTrackingFunctionName", "PlottingFunctionName", "DriverFunctionName"},
}


@pytest.fixture
def stacks(storage, application):
    return [storage, application]


@pytest.mark.parametrize("kind", PHYSICAL_NAMES)
def test_no_resource_is_given_a_name(stacks, kind):
    properties = [properties for stack in stacks for properties in stack.all(kind)]

    assert properties
    assert [named for named in properties if PHYSICAL_NAMES[kind] in named] == []


def test_no_stack_exports_or_imports_a_value(stacks):
    for stack in stacks:
        assert "Fn::ImportValue" not in keys(stack.body)
        assert [output for output in stack.body["Outputs"].values() if "Export" in output] == []


def test_the_lambda_stack_finds_the_storage_by_parameters_of_its_own_target(storage, application, target):
    names = ("data-bucket-name", "plot-bucket-name", "history-table-name", "ledger-table-name")
    paths = {f"/tidemark/{target}/{name}" for name in names}

    assert {parameter["Name"] for parameter in storage.all("AWS::SSM::Parameter")} == paths
    assert _read(application) == paths


@pytest.mark.parametrize("stack", OUTPUTS)
def test_a_stack_has_exactly_the_outputs_that_the_commands_read(synth, target, stack):
    outputs = synth(target=target)[stack].body["Outputs"]

    assert set(outputs) == OUTPUTS[stack]


def test_the_storage_is_deployed_before_what_reads_its_parameters(target, tmp_path):
    build({"target": target}, outdir=str(tmp_path)).synth()
    (manifest,) = tmp_path.glob("assembly-*/manifest.json")
    stacks = {
        artifact["properties"]["stackName"]: (name, artifact.get("dependencies", []))
        for name, artifact in json.loads(manifest.read_text())["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
    }

    storage, _ = stacks[f"Tidemark-{target}-StorageStack"]
    _, needed = stacks[f"Tidemark-{target}-LambdaStack"]
    assert storage in needed


def test_two_targets_share_an_account_and_in_it_nothing_but_the_images(synth):
    prod, dev = ({stack.name for stack in synth(target=target).values()} for target in ("prod", "dev"))

    assert prod & dev == {"Tidemark-RegistryStack"}
    assert len(prod | dev) == 9
    assert synth(target="prod")["RegistryStack"] == synth(target="dev")["RegistryStack"]


def test_a_stack_reads_only_what_another_stack_of_the_same_target_publishes(synth, aws_target):
    stacks = synth(target=aws_target)
    published = {
        parameter["Name"]: name
        for name, stack in stacks.items()
        for parameter in stack.all("AWS::SSM::Parameter")
    }

    assert {name: {published[parameter] for parameter in _read(stack)} for name, stack in stacks.items()} == {
        "RegistryStack": set(),
        "StorageStack": set(),
        "LambdaStack": {"StorageStack"},
        "BackupStack": {"StorageStack"},
        "ObservabilityStack": {"StorageStack", "LambdaStack", "BackupStack"},
    }


def _read(stack) -> set[str]:
    """Return the names of the SSM parameters whose values a stack takes."""
    return {
        parameter["Default"]
        for parameter in stack.body.get("Parameters", {}).values()
        if parameter["Type"] == "AWS::SSM::Parameter::Value<String>" and "/tidemark/" in parameter["Default"]
    }
