"""What policies decide: table by table, the traps among them."""

import json

import pytest

from localstack_image_lambda.iam.policies import Decision, Permission, admits, decide

OBJECT = "arn:aws:s3:::bucket/key"
FACTS = {
    "aws:requestedregion": "eu-west-1",
    "aws:securetransport": "false",
    "aws:principalarn": "arn:aws:iam::000000000000:role/it",
    "s3:prefix": "mine/",
    "s3:delimiter": None,
}
A, N, D = Decision.ALLOWED, Decision.NOT_ALLOWED, Decision.DENIED


def statement(effect="Allow", **content):
    defaults = {} if {"Action", "NotAction"} & content.keys() else {"Action": "s3:GetObject"}
    defaults |= {} if {"Resource", "NotResource"} & content.keys() else {"Resource": "*"}
    return {"Effect": effect, **defaults, **content}


def decided(*statements, action="s3:GetObject", resource=OBJECT, told=None):
    documents = [json.dumps({"Version": "2012-10-17", "Statement": each}) for each in statements]
    tell = [].append if told is None else told.append
    return decide(documents, Permission(action, resource), FACTS, tell)


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("s3:GetObject", "s3:GetObject", A),
        ("S3:getobject", "s3:GetObject", A),
        ("s3:Get*", "s3:GetObject", A),
        ("s3:Get?bject", "s3:GetObject", A),
        ("*", "s3:GetObject", A),
        ("s3:*", "s3:GetObject", A),
        ("s3:GetObject", "s3:GetObjectVersion", N),
        ("s3:Object", "s3:GetObject", N),
        ("s3.GetObject", "s3:GetObject", N),
        ("dynamodb:*", "s3:GetObject", N),
        (["s3:PutObject", "s3:GetObject"], "s3:GetObject", A),
        ([], "s3:GetObject", N),
    ],
)
def test_an_action_is_matched_with_wildcards_and_in_any_case(pattern, action, expected):
    assert decided(statement(Action=pattern), action=action) is expected


@pytest.mark.parametrize(
    ("pattern", "resource", "expected"),
    [
        ("arn:aws:s3:::bucket/*", OBJECT, A),
        ("arn:aws:s3:::bucket/k?y", OBJECT, A),
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/b\nc", A),
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket", N),
        ("arn:aws:s3:::bucket", OBJECT, N),
        ("arn:aws:s3:::bucket/KEY", OBJECT, N),
        ("arn:aws:s3:::bucket/k.y", OBJECT, N),
        ("arn:aws:s3:::bucket/[k]ey", OBJECT, N),
        ("arn:aws:s3:::bucket/key", "arn:aws:s3:::bucket/k*", N),
        ("arn:aws:s3:::bucket/key", "arn:aws:s3:::bucket/k?y", N),
        ("arn:aws:s3:::bucket/k*", "arn:aws:s3:::bucket/k*", A),
        ("arn:aws:s3:::${aws:username}/*", OBJECT, N),
        (["arn:aws:s3:::other", OBJECT], OBJECT, A),
    ],
)
def test_a_resource_is_matched_exactly_but_for_the_policys_wildcards(pattern, resource, expected):
    assert decided(statement(Resource=pattern), resource=resource) is expected


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], N),
        ([[statement()]], A),
        ([statement()], A),
        ([[statement(), statement("Deny")]], D),
        ([[statement("Deny"), statement()]], D),
        ([[statement()], [statement("Deny", Resource="arn:aws:s3:::bucket/*")]], D),
        ([[statement()], [statement("Deny", Resource="arn:aws:s3:::other/*")]], A),
        ([[statement("Deny")]], D),
        ([[statement(NotAction="s3:Put*")]], A),
        ([[statement(NotAction="S3:GET*")]], N),
        ([[statement(NotAction=["dynamodb:*", "s3:GetObject"])]], N),
        ([[statement(), statement("Deny", NotAction="s3:PutObject")]], D),
        ([[statement(NotResource="arn:aws:s3:::other/*")]], A),
        ([[statement(NotResource="arn:aws:s3:::bucket/*")]], N),
        ([[statement(), statement("Deny", NotResource="arn:aws:s3:::bucket/*")]], A),
    ],
)
def test_an_allow_is_needed_and_a_deny_wins(statements, expected):
    assert decided(*statements) is expected


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([statement(Resource="arn:aws:s3:::other/*")], A),
        ([statement(NotResource="arn:aws:s3:::other/*")], A),
        ([statement(), statement("Deny", Resource=OBJECT)], A),
        ([statement(), statement("Deny", NotResource=OBJECT)], A),
        ([statement(), statement("Deny", Resource="*")], D),
    ],
)
def test_an_unknown_resource_may_be_any(statements, expected):
    assert decided(statements, resource=None) is expected


@pytest.mark.parametrize(
    ("operator", "key", "value", "holds"),
    [
        ("StringEquals", "aws:RequestedRegion", "eu-west-1", True),
        ("stringequals", "AWS:requestedregion", ["us-east-1", "eu-west-1"], True),
        ("StringEquals", "aws:RequestedRegion", "EU-WEST-1", False),
        ("StringEqualsIgnoreCase", "aws:RequestedRegion", "EU-WEST-1", True),
        ("StringNotEquals", "aws:RequestedRegion", ["us-east-1", "eu-west-1"], False),
        ("StringNotEquals", "aws:RequestedRegion", "us-east-1", True),
        ("StringLike", "s3:prefix", "m*/", True),
        ("StringNotLike", "s3:prefix", "m*", False),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/it", True),
        ("ArnNotEquals", "aws:PrincipalArn", "arn:aws:iam::*:role/it", False),
        ("Bool", "aws:SecureTransport", False, True),
        ("Bool", "aws:SecureTransport", "true", False),
        ("StringEquals", "s3:delimiter", "/", False),
        ("StringNotEquals", "s3:delimiter", "/", True),
        ("StringEqualsIfExists", "s3:delimiter", "/", True),
        ("StringEqualsIfExists", "s3:prefix", "yours/", False),
        ("Null", "s3:delimiter", "true", True),
        ("Null", "s3:prefix", True, False),
        ("ForAllValues:StringEquals", "s3:delimiter", "/", True),
        ("ForAnyValue:StringLike", "s3:prefix", "m*", True),
        ("ForAnyValue:StringNotEquals", "s3:delimiter", "/", False),
    ],
)
def test_a_known_condition_decides_for_allow_and_deny(operator, key, value, holds):
    condition = {operator: {key: value}}
    told = []

    allowed = decided(statement(Condition=condition), told=told)
    denied = decided([statement(), statement("Deny", Condition=condition)], told=told)

    assert (allowed, denied, told) == (A if holds else N, D if holds else A, [])


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:SourceVpc": "vpc-1"}},
        {"IpAddress": {"aws:RequestedRegion": "192.0.2.0/24"}},
        {"StringEquals": {"aws:SourceVpc": "vpc-1", "aws:RequestedRegion": "eu-west-1"}},
    ],
)
def test_an_unknown_condition_helps_an_allow_and_hinders_a_deny(condition):
    told = []

    assert decided(statement(Condition=condition), told=told) is A
    assert decided([statement(), statement("Deny", Condition=condition)], told=told) is A
    assert len(told) == 2


def test_a_condition_that_fails_decides_beside_an_unknown_one():
    condition = {"StringEquals": {"aws:SourceVpc": "vpc-1", "aws:RequestedRegion": "us-east-1"}}

    assert decided(statement(Condition=condition)) is N


@pytest.mark.parametrize(
    "document",
    ["no JSON", "[]", '{"Statement": "x"}', '{"Statement": [{"Effect": "allow"}]}', '{"Statement": {}}'],
)
def test_a_malformed_policy_is_an_error(document):
    with pytest.raises(ValueError):
        decide([document], Permission("s3:GetObject", None), {}, [].append)


@pytest.mark.parametrize(
    ("principal", "effect", "action", "expected"),
    [
        ({"Service": "lambda.amazonaws.com"}, "Allow", "sts:AssumeRole", True),
        ({"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}, "Allow", ["sts:assumerole"], True),
        ("*", "Allow", "sts:*", True),
        ({"Service": "ec2.amazonaws.com"}, "Allow", "sts:AssumeRole", False),
        ({"AWS": "lambda.amazonaws.com"}, "Allow", "sts:AssumeRole", False),
        ({"Service": "lambda.amazonaws.com"}, "Allow", "sts:TagSession", False),
        ({"Service": "lambda.amazonaws.com"}, "Deny", "sts:AssumeRole", False),
    ],
)
def test_a_trust_policy_admits_the_services_that_it_names(principal, effect, action, expected):
    document = {"Statement": {"Effect": effect, "Principal": principal, "Action": action}}

    assert admits(json.dumps(document), "lambda.amazonaws.com") is expected
