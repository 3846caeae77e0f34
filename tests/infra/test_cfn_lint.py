"""cfn-lint checks every template with CloudFormation's rules and AWS's schemas, without a network."""

import json

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

IGNORED_RULES = {
    "W3005": "the CDK adds a role to a function's DependsOn, although the function names it already",
}
SETTINGS = {"trackedBuckets": "their-bucket", "alarmEmails": "ada@example.com"}


def problems(body: dict) -> list[str]:
    config = ManualArgs(regions=["us-east-1"], ignore_checks=list(IGNORED_RULES))
    return [
        f"{found.rule.id} {found.message} at {found.path}" for found in lint(json.dumps(body), config=config)
    ]


def test_cloudformation_accepts_every_template(synth, target):
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
def test_a_mistake_that_cloudformation_would_refuse_is_found(synth, name, value, rule):
    body = json.loads(json.dumps(synth(target="prod", **SETTINGS)["LambdaStack"].body))
    queue = next(resource for resource in body["Resources"].values() if resource["Type"] == "AWS::SQS::Queue")
    queue["Properties"][name] = value

    (problem,) = problems(body)

    assert problem.startswith(rule)
    assert name in problem
