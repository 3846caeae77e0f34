"""Waiting for a stack that does not get anywhere, which no real LocalStack does on demand."""

import pytest
from botocore.stub import Stubber

from tidemark.aws.emulator import client
from tidemark.errors import CommandError
from tidemark.local.deployment.stacks import Stacks
from tidemark.local.deployment.templates import StackTemplate

ENDPOINT = "http://127.0.0.1:1"
TEMPLATE = StackTemplate("app-StorageStack", "{}")
PARAMETERS = {"Image": "sha256:1", "Mode": "live"}
LATER = "2026-11-20T08:00:00Z"


@pytest.fixture
def cloudformation():
    """Yield a stub of CloudFormation that a stack is created in."""
    with Stubber(client("cloudformation", ENDPOINT)) as stubber:
        stubber.add_response("create_stack", {"StackId": "1"})
        yield stubber


@pytest.fixture
def stacks(cloudformation):
    return Stacks(cloudformation.client, client("s3", ENDPOINT), seconds=0.0)


def test_a_stack_that_stays_in_progress_is_given_up_at_the_deadline(stacks, cloudformation):
    for _ in range(2):
        cloudformation.add_response("describe_stacks", _status("CREATE_IN_PROGRESS"))

    with pytest.raises(
        CommandError,
        match=r"^waited 0 s for app-StorageStack to be created in vain: it is CREATE_IN_PROGRESS$",
    ):
        stacks.create(TEMPLATE, {})


def test_the_first_of_several_failures_is_the_reason(stacks, cloudformation):
    cloudformation.add_response("describe_stacks", _status("ROLLBACK_COMPLETE"))
    newest_first = [
        _event("app-StorageStack", "CREATE_FAILED", "The following resources failed: [Table]"),
        _event("Queue", "CREATE_FAILED", "Resource creation cancelled"),
        _event("Table", "CREATE_FAILED", "no room\nfor a table"),
        _event("Table", "CREATE_IN_PROGRESS", "Resource creation initiated"),
    ]
    cloudformation.add_response("describe_stack_events", {"StackEvents": newest_first})

    with pytest.raises(
        CommandError, match=r"^could not create app-StorageStack: Table \(A::B::C\): no room for a table$"
    ):
        stacks.create(TEMPLATE, {})


def test_a_failure_without_events_names_the_status(stacks, cloudformation):
    cloudformation.add_response("describe_stacks", _status("CREATE_FAILED"))
    cloudformation.add_response("describe_stack_events", {"StackEvents": []})

    with pytest.raises(CommandError, match=r"^could not create app-StorageStack: CREATE_FAILED$"):
        stacks.create(TEMPLATE, {})


def test_a_new_stack_is_waited_for_until_it_tells_all_its_parameters(cloudformation, monkeypatch):
    monkeypatch.setattr("tidemark.progress.POLL_SECONDS", 0.0)
    cloudformation.add_response("describe_stacks", _status("CREATE_COMPLETE"))
    cloudformation.add_client_error(
        "describe_stacks", "ValidationError", f"Stack {TEMPLATE.name} does not exist"
    )
    for told in ([], ["Image"], ["Image", "Mode"]):
        cloudformation.add_response("describe_stacks", _status("CREATE_COMPLETE", told))
        cloudformation.add_response("get_template", {"TemplateBody": TEMPLATE.body})
    stacks = Stacks(cloudformation.client, client("s3", ENDPOINT))

    stacks.create(TEMPLATE, PARAMETERS)

    cloudformation.assert_no_pending_responses()


def test_a_new_stack_that_never_tells_its_parameters_is_given_up_at_the_deadline(stacks, cloudformation):
    for _ in range(2):
        cloudformation.add_response("describe_stacks", _status("CREATE_COMPLETE"))
    cloudformation.add_response("get_template", {"TemplateBody": TEMPLATE.body})

    with pytest.raises(
        CommandError,
        match=r"^waited 0 s for the parameters of app-StorageStack in vain: LocalStack does not tell Image, Mode$",
    ):
        stacks.create(TEMPLATE, PARAMETERS)


def _status(status, parameters=()):
    told = [{"ParameterKey": name, "ParameterValue": PARAMETERS[name]} for name in parameters]
    stack = {"StackName": TEMPLATE.name, "CreationTime": LATER, "StackStatus": status, "Parameters": told}
    return {"Stacks": [stack]}


def _event(logical_id, status, reason):
    return {
        "StackId": "1",
        "EventId": logical_id + status,
        "StackName": TEMPLATE.name,
        "Timestamp": LATER,
        "LogicalResourceId": logical_id,
        "ResourceType": "A::B::C",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }
