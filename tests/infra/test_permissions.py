"""Who may do what. That each of these permissions is needed, tests/permissions shows."""

import pytest

from tests.infra.templates import listed

TABLES = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"
HISTORY = TABLES + "${HistoryTableName}"
LEDGER = TABLES + "${LedgerTableName}"
BUCKETS = "arn:${AWS::Partition}:s3:::"
DATA_BUCKET = BUCKETS + "${DataBucketName}"
PLOT_BUCKET = BUCKETS + "${PlotBucketName}"
OF_NO_RESOURCE = {"s3:ListAllMyBuckets", "events:ListRules", "events:ListRuleNamesByTarget"}
"""Actions that AWS allows on everything only, by its service authorization reference."""
TRACKED = ("their-bucket", "My_Bucket", "legacy." * 30)


@pytest.fixture
def queue(application) -> str:
    return f"${{{application.by_output('QueueUrl')}.Arn}}"


@pytest.fixture
def stacks(synth, target):
    """Return all stacks of a target that tracks a bucket and has a subscriber, the registry included."""
    return synth(target=target, trackedBuckets="their-bucket", alarmEmails="ada@example.com")


def test_the_tracker_can_tell_an_absent_object_from_a_forbidden_one(application):
    assert application.resources_for("size-tracking", "s3:GetObject") == {f"{DATA_BUCKET}/*"}
    assert application.resources_for("size-tracking", "s3:ListBucket") == {DATA_BUCKET}


def test_the_tracker_can_look_into_every_bucket_that_is_tracked_by_name(synth):
    application = synth(target="prod", trackedBuckets=",".join(TRACKED))["LambdaStack"]
    arns = {DATA_BUCKET, *(BUCKETS + name for name in TRACKED)}

    assert application.resources_for("size-tracking", "s3:ListBucket") == arns
    assert application.resources_for("size-tracking", "s3:GetObject") == {f"{arn}/*" for arn in arns}


def test_the_tracker_can_look_at_objects_and_not_change_them(application):
    assert _of(application, "size-tracking", "s3") == {
        "GetBucketNotification",
        "GetObject",
        "ListAllMyBuckets",
        "ListBucket",
    }


def test_the_tracker_can_check_whether_the_events_of_its_buckets_arrive(synth):
    application = synth(target="prod", trackedBuckets=",".join(TRACKED))["LambdaStack"]
    queue = f"${{{application.by_output('QueueUrl')}.Arn}}"
    arns = {DATA_BUCKET, *(BUCKETS + name for name in TRACKED)}

    assert application.resources_for("size-tracking", "s3:GetBucketNotification") == arns
    assert application.resources_for("size-tracking", "sqs:GetQueueAttributes") == {queue}
    assert _of(application, "size-tracking", "events") == {"ListRuleNamesByTarget", "ListRules"}


def test_the_tracker_reads_and_writes_the_ledger_and_only_adds_to_the_history(application):
    actions = {LEDGER: set(), HISTORY: set()}
    for action, resource in application.allowed("size-tracking"):
        if resource in actions:
            actions[resource].add(action.removeprefix("dynamodb:"))

    assert actions == {
        LEDGER: {"BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem"},
        HISTORY: {"PutItem", "Query"},
    }


def test_the_tracker_consumes_its_queue_and_sends_reconcile_steps_to_it(application, queue):
    actions = {"ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "SendMessage"}

    assert _of(application, "size-tracking", "sqs") == actions
    for action in actions:
        assert application.resources_for("size-tracking", f"sqs:{action}") == {queue}


def test_the_mapping_keeps_the_id_that_it_has_on_aws(application):
    # Under another id CloudFormation would make the new mapping first, and Lambda refuses a second one.
    (mapping,) = application.ids("AWS::Lambda::EventSourceMapping")

    assert mapping.startswith("SizeTrackingLiveSqsEventSourceTidemark")


def test_plotting_cannot_write_a_table(application):
    assert _of(application, "plotting", "dynamodb") == {"BatchGetItem", "GetItem", "Query"}


def test_plotting_may_query_the_index_for_the_maximum_and_read_single_rows_of_the_ledger_only(application):
    index = f"{HISTORY}/index/GSI_SizeByBucket"

    assert application.resources_for("plotting", "dynamodb:Query") == {HISTORY, index, LEDGER}
    assert application.resources_for("plotting", "dynamodb:GetItem") == {LEDGER}
    assert application.resources_for("plotting", "dynamodb:BatchGetItem") == {LEDGER}


def test_plotting_may_put_plots_into_the_plot_bucket_and_touch_no_other_object(application):
    plots = {f"{PLOT_BUCKET}/plot", f"{PLOT_BUCKET}/plot/*"}

    assert _of(application, "plotting", "s3") == {"PutObject"}
    assert application.resources_for("plotting", "s3:PutObject") == plots


def test_plotting_may_ask_what_waits_in_every_queue_and_take_nothing_from_one(application, queue):
    lost = {f"${{{application.by_output(output)}.Arn}}" for output in ("DlqUrl", "RuleDlqUrl")}

    assert application.resources_for("plotting", "sqs:GetQueueAttributes") == {queue, *lost}
    assert _of(application, "plotting", "sqs") == {"GetQueueAttributes"}


def test_the_driver_changes_its_own_two_objects_and_no_other(application):
    own = {f"{DATA_BUCKET}/assignment1.txt", f"{DATA_BUCKET}/assignment2.txt"}

    for action in ("GetObject", "PutObject", "DeleteObject"):
        assert application.resources_for("driver", f"s3:{action}") == own


def test_the_driver_reads_the_tables_and_cannot_write_them(application):
    assert _of(application, "driver", "dynamodb") == {"GetItem", "Query"}
    assert application.resources_for("driver", "dynamodb:Query") == {HISTORY}
    assert application.resources_for("driver", "dynamodb:GetItem") == {LEDGER}


def test_the_driver_may_ask_for_a_baseline_and_for_a_plot(application, queue):
    (route,) = application.resources_for("driver", "execute-api:Invoke")

    assert application.resources_for("driver", "sqs:SendMessage") == {queue}
    assert route.endswith("/POST/plot")
    assert "*" not in route


def test_no_function_may_scan_a_table_or_delete_an_item(application, service):
    forbidden = {"dynamodb:Scan", "dynamodb:PartiQLSelect", "dynamodb:DeleteItem", "dynamodb:DeleteTable"}

    assert application.actions(service) & forbidden == set()


def test_each_function_writes_the_log_that_is_its_own_and_no_other(application, service):
    log = application.function(service)[1]["LoggingConfig"]["LogGroup"]["Ref"]

    assert application.resources_for(service, "logs:PutLogEvents") == {f"${{{log}.Arn}}"}
    assert str(application.all("AWS::Lambda::Function")).count(f"'{log}'") == 1


def test_no_role_has_rights_that_the_template_does_not_show(application):
    # CodeDeploy's role has AWS's own policy for it, and is no function's.
    names = [name for name in application.ids("AWS::IAM::Role") if not name.startswith("Canary")]
    roles = [application.resources[name]["Properties"] for name in names]

    assert len(roles) == 3
    for role in roles:
        assert "ManagedPolicyArns" not in role
        assert role["AssumeRolePolicyDocument"]["Statement"] == [
            {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
        ]


def test_no_policy_of_any_stack_allows_every_action_or_an_action_on_everything(stacks):
    found = [statement for stack in stacks.values() for statement in stack.statements("AWS::IAM::Policy")]

    assert found
    for statement in found:
        assert statement["Effect"] == "Allow"
        assert [action for action in listed(statement["Action"]) if "*" in action] == []
        if "*" in listed(statement["Resource"]):
            assert set(listed(statement["Action"])) <= OF_NO_RESOURCE


def test_every_role_is_for_one_service_of_awss_and_none_for_another_account(stacks):
    for stack in stacks.values():
        for role in stack.all("AWS::IAM::Role"):
            for statement in role["AssumeRolePolicyDocument"]["Statement"]:
                assert set(statement["Principal"]) == {"Service"}
                assert len(listed(statement["Principal"]["Service"])) == 1


def test_no_resource_policy_admits_everybody(stacks):
    admitted = [
        statement["Principal"]
        for stack in stacks.values()
        for kind in ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
        for statement in stack.statements(kind)
        if statement["Effect"] == "Allow"
    ]

    assert admitted
    assert all(set(principal) == {"Service"} for principal in admitted)


@pytest.mark.parametrize(
    ("kind", "policy_kind", "guarded_by", "action"),
    [
        ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "Bucket", "s3:*"),
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues", "sqs:*"),
        ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics", "sns:Publish"),
    ],
)
def test_every_bucket_queue_and_topic_refuses_requests_without_tls(
    stacks, kind, policy_kind, guarded_by, action
):
    for stack in stacks.values():
        guarded = {
            resource["Ref"]
            for policy in stack.all(policy_kind)
            for statement in policy["PolicyDocument"]["Statement"]
            if (statement["Effect"], statement["Action"]) == ("Deny", action)
            and statement["Principal"] in ("*", {"AWS": "*"})
            and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for resource in listed(policy[guarded_by])
        }
        assert guarded == set(stack.ids(kind))


def _of(stack, service, namespace) -> set[str]:
    return {action.split(":")[1] for action in stack.actions(service) if action.startswith(f"{namespace}:")}
