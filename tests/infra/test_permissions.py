"""Who may do what. LocalStack checks none of it, so only these tests and AWS tell."""

import pytest

from infra_cdk.images import SERVICES
from tests.infra.templates import listed

ACCOUNT = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"
HISTORY = ACCOUNT + "${HistoryTableName}"
LEDGER = ACCOUNT + "${LedgerTableName}"
DATA_BUCKET = "arn:${AWS::Partition}:s3:::${DataBucketName}"
PLOT_BUCKET = "arn:${AWS::Partition}:s3:::${PlotBucketName}"


@pytest.fixture
def queue(application) -> str:
    return f"${{{application.by_output('QueueUrl')}.Arn}}"


def test_the_tracker_can_tell_an_absent_object_from_a_forbidden_one(application):
    assert application.resources_for("size-tracking", "s3:GetObject") == {f"{DATA_BUCKET}/*"}
    assert application.resources_for("size-tracking", "s3:ListBucket") == {DATA_BUCKET}


def test_the_tracker_can_look_into_every_bucket_that_is_tracked_by_name(synth):
    application = synth(target="prod", trackedBuckets="one-bucket,other-bucket")["LambdaStack"]
    arns = {DATA_BUCKET} | {f"arn:${{AWS::Partition}}:s3:::{name}" for name in ("one-bucket", "other-bucket")}

    assert application.resources_for("size-tracking", "s3:ListBucket") == arns
    assert application.resources_for("size-tracking", "s3:GetObject") == {f"{arn}/*" for arn in arns}


def test_the_tracker_can_look_at_objects_and_not_change_them(application):
    assert _of(application, "size-tracking", "s3") == {"GetObject", "ListBucket"}


def test_the_tracker_reads_and_writes_the_ledger_and_only_adds_to_the_history(application):
    on_ledger = {action for action, resource in application.allowed("size-tracking") if resource == LEDGER}
    on_history = {action for action, resource in application.allowed("size-tracking") if resource == HISTORY}

    assert on_ledger == {
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
    }
    assert on_history == {"dynamodb:PutItem"}


def test_the_tracker_consumes_its_queue_and_sends_reconcile_steps_to_it(application, queue):
    for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "SendMessage"):
        assert application.resources_for("size-tracking", f"sqs:{action}") == {queue}


def test_plotting_cannot_write_a_table(application):
    assert _of(application, "plotting", "dynamodb") == {"BatchGetItem", "GetItem", "Query"}


def test_plotting_may_ask_the_index_for_the_maximum(application):
    assert application.resources_for("plotting", "dynamodb:Query") == {
        HISTORY,
        f"{HISTORY}/index/GSI_SizeByBucket",
        LEDGER,
    }


def test_plotting_reads_single_rows_of_the_ledger_alone(application):
    assert application.resources_for("plotting", "dynamodb:GetItem") == {LEDGER}
    assert application.resources_for("plotting", "dynamodb:BatchGetItem") == {LEDGER}


def test_plotting_may_put_plots_into_the_plot_bucket_and_touch_no_other_object(application):
    assert _of(application, "plotting", "s3") == {"PutObject"}
    assert application.resources_for("plotting", "s3:PutObject") == {
        f"{PLOT_BUCKET}/plot",
        f"{PLOT_BUCKET}/plot/*",
    }


def test_plotting_may_ask_how_old_the_queue_is_and_take_nothing_from_it(application, queue):
    assert application.resources_for("plotting", "sqs:GetQueueAttributes") == {queue}
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


def test_nobody_may_scan_a_table_or_delete_an_item(application):
    for service in SERVICES:
        assert (
            application.actions(service)
            & {"dynamodb:Scan", "dynamodb:PartiQLSelect", "dynamodb:DeleteItem", "dynamodb:DeleteTable"}
            == set()
        )


def test_nobody_may_do_everything_or_something_to_everything(application):
    for service in SERVICES:
        for statement in application.statements(service):
            assert [action for action in listed(statement["Action"]) if "*" in action] == []
            assert "*" not in listed(statement["Resource"])


def test_each_function_writes_the_log_that_is_its_own_and_no_other(application):
    logs = set()
    for service in SERVICES:
        _, function = application.function(service)
        log = function["LoggingConfig"]["LogGroup"]["Ref"]
        logs.add(log)
        assert application.resources_for(service, "logs:PutLogEvents") == {f"${{{log}.Arn}}"}
    assert len(logs) == 3


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


def _of(stack, service, namespace) -> set[str]:
    return {action.split(":")[1] for action in stack.actions(service) if action.startswith(f"{namespace}:")}
