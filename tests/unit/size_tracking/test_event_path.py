"""The path of a bucket's events as AWS tells it; the answers are stubbed below botocore's clients, which check them."""

import json
from datetime import UTC, datetime, timedelta, timezone

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from size_history.messages import OBJECT_EVENTS
from size_tracking.event_path import Configuration, EventPath, Route, admits
from size_tracking.watch_plan import Look

QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:tracking"
RULE_ARN = "arn:aws:events:us-east-1:123456789012:rule/"
BORN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BOTH = list(OBJECT_EVENTS)
ALLOW = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": QUEUE_ARN,
}


def pattern(name="data", **more):
    return {
        "source": ["aws.s3"],
        "detail-type": BOTH,
        "detail": {"bucket": {"name": [name]}},
        **more,
    }


@pytest.fixture(scope="module")
def clients():
    session = boto3.Session("x", "x", region_name="us-east-1")
    return {name: session.client(name) for name in ("s3", "events", "sqs")}


@pytest.fixture
def stubs(clients):
    stubbers = {name: Stubber(client) for name, client in clients.items()}
    for stubber in stubbers.values():
        stubber.activate()
    yield stubbers
    for stubber in stubbers.values():
        stubber.assert_no_pending_responses()
        stubber.deactivate()


@pytest.fixture
def path(clients):
    return EventPath(clients["s3"], clients["events"], clients["sqs"], "url")


def answer(stubs, *, rules=(), targeted=None, statements=(ALLOW,), buckets=("data",), policy=None):
    """Stub what all buckets share: rules as (name, pattern, state), and the names of those with the queue as target."""
    stubs["s3"].add_response(
        "list_buckets", {"Buckets": [{"Name": name, "CreationDate": BORN} for name in buckets]}, {}
    )
    attributes = {"QueueArn": QUEUE_ARN}
    if statements is not None:
        attributes["Policy"] = json.dumps(policy or {"Statement": list(statements)})
    stubs["sqs"].add_response(
        "get_queue_attributes",
        {"Attributes": attributes},
        {"QueueUrl": "url", "AttributeNames": ["QueueArn", "Policy"]},
    )
    names = [name for name, *_ in rules] if targeted is None else targeted
    stubs["events"].add_response("list_rule_names_by_target", {"RuleNames": names}, {"TargetArn": QUEUE_ARN})
    described = [
        {"Name": name, "Arn": RULE_ARN + name, "State": state}
        | ({} if wanted is None else {"EventPattern": json.dumps(wanted)})
        for name, wanted, state in rules
    ]
    stubs["events"].add_response("list_rules", {"Rules": described}, {})


def notification(stubs, *, on=True):
    found = {"EventBridgeConfiguration": {}} if on else {}
    stubs["s3"].add_response("get_bucket_notification_configuration", found, {"Bucket": "data"})


def fault(path, stubs, **shared):
    answer(stubs, **shared)
    notification(stubs)
    return path.look("data", path.configuration()).fault


def test_a_bucket_whose_every_event_has_a_way_is_without_fault(path, stubs):
    answer(stubs, rules=[("r", pattern(), "ENABLED")])
    notification(stubs)

    assert path.look("data", path.configuration()) == Look(created="2026-01-02T03:04:05Z")


def test_the_creation_date_is_told_in_utc_in_every_time_zone(elsewhere):
    class Pages:
        def get_paginator(self, operation):
            return self

        def paginate(self):
            local = BORN.astimezone(timezone(timedelta(hours=9)))
            return [
                {"Buckets": [{"Name": "one", "CreationDate": local}]},
                {},
                {"Buckets": [{"Name": "two", "CreationDate": BORN}]},
            ]

    found = EventPath(Pages(), None, None, "url")._created()

    assert found == dict.fromkeys(("one", "two"), "2026-01-02T03:04:05Z")


def test_a_bucket_that_sends_no_events_is_named_with_the_fix(path, stubs):
    answer(stubs, rules=[("r", pattern(), "ENABLED")])
    notification(stubs, on=False)

    assert path.look("data", path.configuration()).fault == (
        "it does not send its events to EventBridge: make track BUCKET=data repairs it"
    )


def test_a_bucket_that_the_tracker_may_not_ask_counts_as_deaf(path, stubs):
    answer(stubs, rules=[("r", pattern(), "ENABLED")])
    stubs["s3"].add_client_error(
        "get_bucket_notification_configuration", "AccessDenied", http_status_code=403
    )

    assert path.look("data", path.configuration()).fault == (
        "the tracker may not read whether it sends events: make track BUCKET=data repairs it"
    )


@pytest.mark.parametrize(("code", "status"), [("SlowDown", 503), ("NoSuchBucket", 404)])
def test_an_answer_that_does_not_tell_is_no_finding(path, stubs, code, status):
    answer(stubs)
    stubs["s3"].add_client_error("get_bucket_notification_configuration", code, http_status_code=status)

    with pytest.raises(ClientError, match=code):
        path.look("data", path.configuration())


def test_a_bucket_that_the_list_lacks_is_asked_for_itself(path, stubs):
    """The list of buckets may not yet have one that was just made."""
    answer(stubs, rules=[("r", pattern(), "ENABLED")], buckets=["other"])
    stubs["s3"].add_response("head_bucket", {}, {"Bucket": "data"})
    notification(stubs)

    assert path.look("data", path.configuration()) == Look()


def test_a_bucket_that_neither_the_list_nor_s3_knows_does_not_exist(path, stubs):
    answer(stubs, buckets=[])
    stubs["s3"].add_client_error("head_bucket", "404", http_status_code=404)

    assert path.look("data", path.configuration()) == Look(exists=False)


@pytest.mark.parametrize("status", [301, 403, 500])
def test_s3_must_say_that_a_bucket_does_not_exist(path, stubs, status):
    stubs["s3"].add_client_error("head_bucket", str(status), http_status_code=status)

    with pytest.raises(ClientError):
        path.exists("data")


NO_RULE = "no rule sends its {} events to the tracking queue: make track BUCKET=data repairs it"


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param([], id="no rule"),
        pytest.param([("r", None, "ENABLED")], id="a rule with a schedule instead of a pattern"),
        pytest.param([("r", {}, "ENABLED")], id="a rule with an empty pattern"),
        pytest.param([("r", pattern("other"), "ENABLED")], id="a rule for another bucket"),
        pytest.param(
            [("r", {"source": ["aws.s3"], "resources": ["arn:aws:s3:::other"]}, "ENABLED")],
            id="a rule that names another bucket as the resource",
        ),
        pytest.param([("r", {**pattern(), "source": ["aws.ec2"]}, "ENABLED")], id="another source"),
        pytest.param(
            [("r", pattern(detail={"bucket": {"name": ["data"]}, "object": {"key": [{"prefix": "a/"}]}}), "ENABLED")],
            id="a rule that takes only some keys",
        ),
        pytest.param(
            [("r", pattern(detail={"bucket": {"name": [{"anything-but": ["x"]}]}}), "ENABLED")],
            id="an operator that is not known here",
        ),
        pytest.param([("r", pattern(detail={"bucket": {"name": [7]}}), "ENABLED")], id="a number"),
        pytest.param([("r", pattern(detail={"bucket": ["data"]}), "ENABLED")], id="a name in the wrong place"),
        pytest.param([("r", pattern(detail={"bucket": {"name": []}}), "ENABLED")], id="no alternative"),
    ],
)  # fmt: skip
def test_a_bucket_whose_events_no_rule_takes_is_deaf(path, stubs, rules):
    assert fault(path, stubs, rules=rules) == NO_RULE.format("Object Created")


def test_a_rule_without_the_queue_as_a_target_does_not_count(path, stubs):
    rules = [("r", pattern(), "ENABLED")]

    assert fault(path, stubs, rules=rules, targeted=["other"]) == NO_RULE.format("Object Created")


@pytest.mark.parametrize(
    ("types", "missing"),
    [(BOTH[:1], "Object Deleted"), (BOTH[1:], "Object Created"), (["Other"], "Object Created")],
)
def test_every_type_of_event_that_changes_a_listing_needs_a_rule(path, stubs, types, missing):
    rules = [("r", {**pattern(), "detail-type": types}, "ENABLED")]

    assert fault(path, stubs, rules=rules) == NO_RULE.format(missing)


def test_two_rules_may_take_a_type_each(path, stubs):
    rules = [(f"r{each}", {**pattern(), "detail-type": [each]}, "ENABLED") for each in BOTH]

    assert fault(path, stubs, rules=rules) == ""


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(pattern("data"), id="the name"),
        pytest.param(pattern("data", account=["123456789012"], region=["us-east-1"]), id="account and region"),
        pytest.param(pattern({"prefix": "da"}), id="prefix"),
        pytest.param(pattern({"wildcard": "d*a"}), id="wildcard"),
        pytest.param({"source": [{"prefix": "aws."}]}, id="everything from AWS"),
        pytest.param(pattern(detail={"bucket": {"name": ["other", "data"]}}), id="one of two names"),
        pytest.param(pattern("x", detail={}), id="any detail"),
    ],
)  # fmt: skip
def test_a_pattern_may_name_the_bucket_in_many_ways(path, stubs, found):
    assert fault(path, stubs, rules=[("r", found, "ENABLED")]) == ""


@pytest.mark.parametrize("name", [{"prefix": "at"}, {"wildcard": "d*b"}, {"wildcard": "ata"}, "DATA"])
def test_a_pattern_that_does_not_fit_the_name_does_not_take_it(path, stubs, name):
    assert fault(path, stubs, rules=[("r", pattern(name), "ENABLED")]) == NO_RULE.format("Object Created")


DISABLED = "rule r is disabled: enable or deploy it again"


def test_a_disabled_rule_is_named(path, stubs):
    assert fault(path, stubs, rules=[("r", pattern(), "DISABLED")]) == DISABLED


@pytest.mark.parametrize("state", ["ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"])
@pytest.mark.parametrize("first", [True, False])
def test_one_enabled_rule_is_enough(path, stubs, state, first):
    rules = [("r", pattern(), "DISABLED"), ("s", pattern(), state)]

    assert fault(path, stubs, rules=rules if first else rules[::-1]) == ""


def test_a_rule_that_the_queue_does_not_admit_is_named(path, stubs):
    expected = "the queue's policy does not admit rule r: enable or deploy it again"

    assert fault(path, stubs, rules=[("r", pattern(), "ENABLED")], statements=None) == expected


@pytest.mark.parametrize(("name", "admitted"), [("r", True), ("s", False)])
def test_the_policy_may_name_the_rule(path, stubs, name, admitted):
    condition = {"ArnEquals": {"aws:SourceArn": RULE_ARN + name}}
    found = fault(
        path, stubs, rules=[("r", pattern(), "ENABLED")], statements=[{**ALLOW, "Condition": condition}]
    )

    assert (found == "") is admitted


def test_rules_and_targets_of_every_page_count(clients):
    class Pages:
        def get_paginator(self, operation):
            self.operation = operation
            return self

        def paginate(self, **query):
            if self.operation == "list_rules":
                rule = {"Arn": RULE_ARN, "State": "ENABLED", "EventPattern": "{}"}
                return [{"Rules": [{"Name": name, **rule}]} for name in ("one", "two", "three")]
            return [{"RuleNames": ["one"]}, {"RuleNames": []}, {"RuleNames": ["three"]}]

    class Attributes:
        def get_queue_attributes(self, **_):
            return {"Attributes": {"QueueArn": QUEUE_ARN}}

    assert [route.name for route in EventPath(None, Pages(), Attributes(), "url")._routes()] == [
        "one",
        "three",
    ]


def statement(**more):
    return {**ALLOW, **more}


ARN = RULE_ARN + "r"
MATCHING = {"ArnEquals": {"aws:SourceArn": ARN}}


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param({"Statement": [ALLOW]}, id="without a condition"),
        pytest.param({"Statement": ALLOW}, id="one statement without a list"),
        pytest.param({"Statement": [statement(Principal="*")]}, id="everybody"),
        pytest.param({"Statement": [statement(Principal={"AWS": "*"})]}, id="everybody of AWS"),
        pytest.param({"Statement": [statement(Principal={"Service": ["s3.amazonaws.com", "events.amazonaws.com"]})]}, id="two services"),
        pytest.param({"Statement": [statement(Action=["sqs:ReceiveMessage", "SQS:SendMessage"])]}, id="two actions, in capitals"),
        pytest.param({"Statement": [statement(Action="sqs:*")]}, id="every action"),
        pytest.param({"Statement": [statement(Action="*")]}, id="every action of every service"),
        pytest.param({"Statement": [statement(Condition=MATCHING)]}, id="this rule"),
        pytest.param({"Statement": [statement(Condition={"ArnLike": {"AWS:SOURCEARN": ["x", RULE_ARN + "*"]}})]}, id="this rule among others"),
        pytest.param({"Statement": [statement(Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}})]}, id="a condition that is not known here"),
        pytest.param({"Statement": [statement(Condition={"Bool": {"aws:SecureTransport": "true"}})]}, id="an operator that is not known here"),
        pytest.param({"Statement": [statement(Effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}), ALLOW]}, id="a Deny with a condition"),
        pytest.param({"Statement": [statement(Effect="Deny", Principal={"AWS": "arn:aws:iam::1:root"}), ALLOW]}, id="a Deny for somebody else"),
        pytest.param({"Statement": [statement(Effect="Deny", Action="sqs:DeleteQueue"), ALLOW]}, id="a Deny of something else"),
        pytest.param({"Statement": [statement(Condition={"ArnEquals": {"aws:SourceArn": "x"}}), ALLOW]}, id="another statement admits it"),
    ],
)  # fmt: skip
def test_a_policy_admits_a_rule(policy):
    assert admits(policy, ARN)


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param({}, id="no policy"),
        pytest.param({"Statement": []}, id="no statement"),
        pytest.param({"Statement": [statement(Principal={"Service": "s3.amazonaws.com"})]}, id="another service"),
        pytest.param({"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage"}]}, id="nobody"),
        pytest.param({"Statement": [statement(Action="sqs:ReceiveMessage")]}, id="another action"),
        pytest.param({"Statement": [{name: part for name, part in ALLOW.items() if name != "Action"}]}, id="no action"),
        pytest.param({"Statement": [statement(Condition={"ArnEquals": {"aws:SourceArn": RULE_ARN + "s"}})]}, id="another rule"),
        *[
            pytest.param({"Statement": [statement(Condition={operator: {"aws:SourceArn": "x"}})]}, id=operator)
            for operator in ("ArnEquals", "ArnLike", "StringEquals", "StringLike")
        ],
        pytest.param({"Statement": [statement(Condition={"StringEquals": {"aws:SourceAccount": "1"}, "ArnLike": {"aws:SourceArn": "x"}})]}, id="one of two conditions fails"),
        pytest.param({"Statement": [ALLOW, statement(Effect="Deny")]}, id="a Deny wins"),
        pytest.param({"Statement": [statement(Effect="Deny")]}, id="only a Deny"),
        pytest.param({"Statement": [ALLOW, statement(Effect="Deny", Principal="*", Action="*")]}, id="a Deny of everything"),
    ],
)  # fmt: skip
def test_a_policy_does_not_admit_a_rule(policy):
    assert not admits(policy, ARN)


def test_a_deny_beyond_its_condition_is_not_read_as_one():
    """Such a condition (about encryption, an account) is there in many queues' policies and does not concern EventBridge."""
    assert admits({"Statement": [ALLOW, statement(Effect="Deny", Condition=MATCHING)]}, ARN)


def test_a_route_takes_a_type_of_event_of_a_bucket():
    route = Route("r", pattern())

    assert route.takes("Object Created", "data")
    assert not route.takes("Object Created", "other")
    assert not route.takes("Object Tags Added", "data")
    assert Configuration({}, [route]).routes == [route]
    assert Route("r", {}) == Route("r", {}, fault="")
