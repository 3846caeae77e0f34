"""How many buckets `make track` can add to the tracker's role: the characters of its policies added up."""

import json
import re

import pytest

from tests.infra.templates import resolved
from tidemark.operate.additions import INLINE_POLICIES, MAX_ADDED, policy_of

COMMON_NAME = "b" * 30
LONGEST_NAME = "b" * 63
ARN = "arn:aws:service:eu-central-1:123456789012:" + "x" * 60
"""In place of every reference of a template: longer than the ARNs and names of a deployment."""
PARTITION = "aws-us-gov"


def characters_of_the_stack(application):
    """Return how many characters the tracker's own policies have, blanks not counted, as IAM counts."""
    role = application.function("size-tracking")[1]["Role"]["Fn::GetAtt"][0]
    documents = [
        resolved(policy["PolicyDocument"])
        for policy in application.all("AWS::IAM::Policy")
        if {"Ref": role} in policy["Roles"]
    ]
    assert documents
    filled = [re.sub(r"\$\{[^}]+\}", ARN, json.dumps(document)) for document in documents]
    return sum(len(re.sub(r"\s", "", document)) for document in filled)


@pytest.mark.parametrize("partition", ["aws", PARTITION])
def test_as_many_buckets_of_common_names_as_promised_find_room_beside_the_trackers_own(
    application, partition
):
    own = characters_of_the_stack(application)

    assert own + MAX_ADDED * len(policy_of(COMMON_NAME, partition)) <= INLINE_POLICIES


def test_the_promise_is_not_a_fraction_of_the_room(application):
    own = characters_of_the_stack(application)

    assert own + 1.3 * MAX_ADDED * len(policy_of(COMMON_NAME)) > INLINE_POLICIES


def test_a_bucket_of_the_longest_name_takes_at_most_this_much():
    assert len(policy_of(LONGEST_NAME, PARTITION)) <= 350


def test_the_policy_lets_the_tracker_read_the_bucket_and_watch_it_and_nothing_else():
    document = json.loads(policy_of("photos", "aws-cn"))

    assert document == {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetBucketNotification", "s3:GetObject"],
            "Resource": ["arn:aws-cn:s3:::photos", "arn:aws-cn:s3:::photos/*"],
        },
    }
