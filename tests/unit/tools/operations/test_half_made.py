"""Commands on stacks that were never completely made: one line that names the stack, its status and the fix."""

from collections import defaultdict
from unittest.mock import MagicMock

import pytest

from tests.unit.tools.operations.stand_ins import StoodIn
from tidemark.aws.deployment import Deployment
from tidemark.errors import CommandError

STORAGE, APPLICATION = "Tidemark-prod-StorageStack", "Tidemark-prod-LambdaStack"


class CloudFormation:
    """Stacks by their names, each with its status and its outputs."""

    def __init__(self, **stacks):
        self.stacks = {f"Tidemark-prod-{name}": stack for name, stack in stacks.items()}

    def describe_stacks(self, StackName):
        status, outputs = self.stacks[StackName]
        described = {"StackName": StackName, "StackStatus": status}
        listed = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
        return {"Stacks": [described | ({"Outputs": listed} if listed else {})]}


def half_made(status):
    stored = ("CREATE_COMPLETE", {"DataBucketName": "data", "PlotBucketName": "plots"})
    return CloudFormation(StorageStack=stored, LambdaStack=(status, {}))


RECOVER = f" and has no outputs: make recover TARGET=prod STACK={APPLICATION}"
REPEAT = ": repeat when that has ended"


@pytest.mark.parametrize(
    ("status", "way_out"),
    [
        *((f"{change}_FAILED", RECOVER) for change in ("ROLLBACK", "CREATE", "DELETE")),
        ("ROLLBACK_COMPLETE", RECOVER),
        ("REVIEW_IN_PROGRESS", RECOVER),
        *((f"{change}_IN_PROGRESS", REPEAT) for change in ("ROLLBACK", "CREATE", "DELETE")),
    ],
)
def test_the_stack_is_named_with_its_status_and_the_way_out(status, way_out):
    with pytest.raises(CommandError) as caught:
        _ = StoodIn({"cloudformation": half_made(status)}).outputs

    assert str(caught.value) == f"stack {APPLICATION} is {status}{way_out}"


@pytest.mark.parametrize(
    ("command", "arguments"),
    [("redrive", ()), ("track", ("--bucket", "photos")), ("reconcile", ()), ("dashboard", ())],
)
def test_every_command_says_so_in_one_line(monkeypatch, aws, refusal, command, arguments):
    others = defaultdict(MagicMock, cloudformation=half_made("ROLLBACK_COMPLETE"))
    monkeypatch.setattr(Deployment, "client", lambda _, service: others[service])

    line = refusal(command, "--target", "prod", *arguments)

    assert line.startswith(f"{command}: stack {APPLICATION} is ROLLBACK_COMPLETE and has no outputs")


def test_an_output_that_an_older_version_did_not_have_is_named():
    stacks = CloudFormation(
        StorageStack=("CREATE_COMPLETE", {"DataBucketName": "data"}),
        LambdaStack=("UPDATE_ROLLBACK_COMPLETE", {"QueueUrl": "queue"}),
    )

    outputs = StoodIn({"cloudformation": stacks}).outputs

    assert dict(outputs) == {"DataBucketName": "data", "QueueUrl": "queue"}
    with pytest.raises(CommandError, match="the stacks have no output RuleDlqUrl"):
        _ = outputs["RuleDlqUrl"]
