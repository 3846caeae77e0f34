"""Every template by CloudFormation's own rules and AWS's schemas, as cfn-lint ships them: no network is asked."""

import json

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

RULES_OF_NO_USE = {
    "W3005": "the CDK adds a role to what a function depends on, where naming it would have been enough",
}
SETTINGS = {"trackedBuckets": "their-bucket", "alarmEmails": "ada@example.com"}


def problems(body: dict) -> list[str]:
    config = ManualArgs(regions=["us-east-1"], ignore_checks=list(RULES_OF_NO_USE))
    return [
        f"{found.rule.id} {found.message} at {found.path}" for found in lint(json.dumps(body), config=config)
    ]


def test_a_template_is_what_cloudformation_takes(synth, target):
    stacks = synth(target=target, **SETTINGS)

    assert {name: problems(stack.body) for name, stack in stacks.items()} == {name: [] for name in stacks}


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("VisibilityTimeout", 99_999, "E3034"),
        ("VisibilityTimeOut", 30, "E3002"),
        ("KmsMasterKeyId", [], "E30"),
    ],
)
def test_what_cloudformation_would_refuse_is_found(synth, name, value, rule):
    body = json.loads(json.dumps(synth(target="prod", **SETTINGS)["LambdaStack"].body))
    queue = next(resource for resource in body["Resources"].values() if resource["Type"] == "AWS::SQS::Queue")
    queue["Properties"][name] = value

    (problem,) = problems(body)

    assert problem.startswith(rule)
    assert name in problem
