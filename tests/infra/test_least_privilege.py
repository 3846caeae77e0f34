"""Every policy of every stack that goes to AWS, whoever it is for."""

import pytest

from tests.infra.templates import listed


@pytest.fixture(params=["prod", "dev"])
def stacks(synth, request):
    """Return all stacks, the registry included."""
    return synth(target=request.param, trackedBuckets="their-bucket", alarmEmails="ada@example.com")


def statements(stacks):
    for name, stack in stacks.items():
        for policy in stack.all("AWS::IAM::Policy"):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def test_nobody_may_do_everything_or_something_to_everything(stacks):
    found = [
        (name, statement)
        for name, statement in statements(stacks)
        if statement["Effect"] == "Allow"
        and (
            any("*" in action for action in listed(statement["Action"]))
            or "*" in listed(statement["Resource"])
        )
    ]

    assert list(statements(stacks))
    assert found == []


def test_every_role_is_for_one_service_of_awss_and_none_for_another_account(stacks):
    for stack in stacks.values():
        for role in stack.all("AWS::IAM::Role"):
            for statement in role["AssumeRolePolicyDocument"]["Statement"]:
                assert set(statement["Principal"]) == {"Service"}
                assert len(listed(statement["Principal"]["Service"])) == 1


def test_no_resource_policy_admits_everybody(stacks):
    policies = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
    admitted = [
        statement["Principal"]
        for stack in stacks.values()
        for kind in policies
        for policy in stack.all(kind)
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]

    assert admitted
    assert all(set(principal) == {"Service"} for principal in admitted)


def test_every_bucket_queue_and_topic_refuses_requests_without_tls(stacks):
    kinds = {
        "AWS::S3::Bucket": ("AWS::S3::BucketPolicy", lambda policy: [policy["Bucket"]]),
        "AWS::SQS::Queue": ("AWS::SQS::QueuePolicy", lambda policy: policy["Queues"]),
        "AWS::SNS::Topic": ("AWS::SNS::TopicPolicy", lambda policy: policy["Topics"]),
    }
    for stack in stacks.values():
        for kind, (policy_kind, of) in kinds.items():
            guarded = {
                resource["Ref"]
                for policy in stack.all(policy_kind)
                for statement in policy["PolicyDocument"]["Statement"]
                if statement["Effect"] == "Deny"
                and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
                for resource in of(policy)
            }
            assert guarded == set(stack.ids(kind))
