"""The stacks adapter against a real LocalStack, with stacks of its own."""

import json
import uuid

import pytest

from tidemark.errors import CommandError
from tidemark.local.deployment.stacks import Deployed
from tidemark.local.deployment.templates import StackTemplate

BUCKET = {
    "Parameters": {"Word": {"Type": "String"}},
    "Resources": {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"VersioningConfiguration": {"Status": "Enabled"}},
        }
    },
    "Outputs": {"Name": {"Value": {"Ref": "Bucket"}}, "Word": {"Value": {"Ref": "Word"}}},
}
BROKEN = {
    "Resources": {
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": "no-such-function",
                "EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:no-such-queue",
            },
        }
    }
}


@pytest.fixture
def make_template(stacks):
    """Return a function that names a template as nobody else does; its stack is deleted afterwards."""
    made = []

    def make(body) -> StackTemplate:
        made.append(StackTemplate(f"test-{uuid.uuid4().hex[:12]}", json.dumps(body)))
        return made[-1]

    yield make
    for template in made:
        if stacks.find(template.name):
            stacks.delete(template.name)


def test_a_stack_that_was_never_created_is_not_found_and_has_no_outputs(stacks):
    assert stacks.find("test-never-created") is None
    assert stacks.outputs("test-never-created") == {}


def test_a_created_stack_is_found_as_it_was_sent(stacks, make_template):
    template = make_template(BUCKET)

    stacks.create(template, {"Word": "hello"})

    found = stacks.find(template.name)
    assert found == Deployed("CREATE_COMPLETE", BUCKET, {"Word": "hello"})
    assert stacks.outputs(template.name)["Word"] == "hello"


def test_a_stack_is_deleted_although_its_bucket_holds_objects_versions_and_delete_markers(
    stacks, make_template, aws
):
    template = make_template(BUCKET)
    stacks.create(template, {"Word": "hello"})
    bucket = stacks.outputs(template.name)["Name"]
    for content in (b"1", b"22"):
        aws("s3").put_object(Bucket=bucket, Key="a b/%20+ü", Body=content)
    aws("s3").delete_object(Bucket=bucket, Key="a b/%20+ü")

    stacks.delete(template.name)

    assert stacks.find(template.name) is None
    assert bucket not in {there["Name"] for there in aws("s3").list_buckets()["Buckets"]}


def test_a_stack_that_fails_names_the_resource_and_the_reason_and_can_be_deleted(stacks, make_template):
    template = make_template(BROKEN)

    with pytest.raises(CommandError) as failed:
        stacks.create(template, {})

    message = str(failed.value)
    assert message.startswith(
        f"could not create {template.name}: Mapping (AWS::Lambda::EventSourceMapping): "
    )
    assert message.endswith("Function does not exist")
    assert "\n" not in message
    stacks.delete(template.name)
    assert stacks.find(template.name) is None
