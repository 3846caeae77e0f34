"""The local templates hold only types that LocalStack makes: it reports success for types that it does not know."""

import json

import yaml

from infra_cdk.settings import TARGETS
from tidemark.local.deployment.templates import StackTemplate

KNOWN_TO_LOCALSTACK = {
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::DynamoDB::Table",
    "AWS::Events::Rule",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::SSM::Parameter",
}
"""LocalStack 4.13.1 makes each of them: its configuration was read back."""

INLINE_LIMIT_BYTES = 51_200  # CloudFormation's limit for a template in a request


def test_a_local_template_holds_no_type_that_localstack_only_pretends_to_make(synth):
    types = {
        resource["Type"] for stack in synth(target="local").values() for resource in stack.resources.values()
    }

    assert types <= KNOWN_TO_LOCALSTACK


def test_localstack_gets_only_the_storage_and_the_lambda_stack(synth):
    assert list(synth(target="local")) == ["StorageStack", "LambdaStack"]


def test_aws_gets_what_localstack_gets_and_the_canary_on_top(synth):
    def types(target):
        return {
            name: sorted(
                resource["Type"]
                for construct_id, resource in synth(target=target)[name].resources.items()
                if not construct_id.startswith("Canary")
            )
            for name in synth(target="local")
        }

    assert types("prod") == types("dev") == types("local")


def test_a_local_template_needs_no_bootstrap_stack(synth):
    for stack in synth(target="local").values():
        assert "BootstrapVersion" not in stack.body.get("Parameters", {})
        assert "Rules" not in stack.body


def test_local_data_goes_with_its_stack(synth):
    storage = synth(target="local")["StorageStack"]

    assert TARGETS["local"].ephemeral
    for kind in ("AWS::S3::Bucket", "AWS::DynamoDB::Table"):
        assert {storage.resources[name]["DeletionPolicy"] for name in storage.ids(kind)} == {"Delete"}


def test_a_template_fits_into_a_request(synth, target):
    for stack in synth(target=target).values():
        template = StackTemplate(stack.name, json.dumps(stack.body, separators=(",", ":")))
        assert len(template.body.encode()) < INLINE_LIMIT_BYTES


def test_the_cdks_command_line_can_send_a_local_template_as_it_is(synth):
    """It sends YAML with lines of any length. Without a bootstrap stack, it may send 50 KiB."""
    for stack in synth(target="local", trackedBuckets="one-bucket,other-bucket").values():
        assert len(yaml.dump(stack.body, Dumper=_AsTheCommandLine, width=10**6)) < INLINE_LIMIT_BYTES


class _AsTheCommandLine(yaml.SafeDumper):
    """Indents lists below their names."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, indentless=False)
