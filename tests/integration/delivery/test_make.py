"""A deployment's whole life by its commands, with the CDK's pinned command line, on LocalStack.

The target is local: the data and the application as on AWS, less what LocalStack only pretends to make, by the same
command line and with the same bootstrap. There is no registry and no image to push, and an update is refused.
"""

import json
import shlex

import pytest

from tests.integration.delivery.conftest import said

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


THEIRS = "their-bucket"
SETTINGS = f"CONTEXT=trackedBuckets={THEIRS}"


@pytest.fixture(scope="module")
def nothing(empty):
    """Return what is there without a deployment: the bootstrap, and a bucket of somebody else's, to be tracked."""
    bootstrapped = empty.make("bootstrap")
    assert bootstrapped.returncode == 0, said(bootstrapped)
    empty.client("s3").create_bucket(Bucket=THEIRS)
    empty.client("s3").put_object(Bucket=THEIRS, Key="a/b", Body=b"12345")
    return empty.holds()


@pytest.fixture(scope="module")
def deployed(empty, nothing):
    return empty.make("deploy", SETTINGS)


@pytest.fixture(scope="module")
def outputs(empty, deployed):
    assert deployed.returncode == 0, said(deployed)
    lines = (line.split() for line in deployed.stdout.splitlines() if line.startswith("  "))
    return {words[0]: words[1] for words in lines if len(words) == 2}


def test_deploy_says_first_where_it_deploys_and_then_what_there_is(deployed, outputs, empty):
    first, *_ = deployed.stdout.splitlines()

    assert first.startswith(
        f"deploy target local: LocalStack at {empty.endpoint}, account 000000000000, region us-east-1"
    )
    assert outputs["ApiUrl"].startswith(empty.endpoint)
    assert "target local: deployed" in deployed.stdout


def test_deploy_ends_when_the_baseline_is_taken(empty, outputs):
    history = empty.client("dynamodb").query(
        TableName=outputs["HistoryTableName"],
        KeyConditionExpression="bucket_name = :bucket",
        ExpressionAttributeValues={":bucket": {"S": outputs["DataBucketName"]}},
    )["Items"]

    assert [(item["total_size"]["N"], item["object_cnt"]["N"]) for item in history] == [("0", "0")]


def test_deploy_has_the_buckets_of_the_settings_adopted(empty, outputs, deployed):
    told = empty.client("s3").get_bucket_notification_configuration(Bucket=THEIRS)

    watched = empty.make("reconcile", f"BUCKET={THEIRS}")

    assert "EventBridgeConfiguration" in told
    assert f"{THEIRS}: asked for a reconcile; " in deployed.stdout
    assert watched.returncode == 0, said(watched)
    assert f"{THEIRS}: ended, 1 keys checked" in watched.stdout


def test_validate_finds_everything_well(empty, outputs):
    validated = empty.make("validate")

    assert validated.returncode == 0, said(validated)
    assert [line.split()[0] for line in validated.stdout.splitlines()[1:]] == ["ok"] * 7
    assert "history       0 bytes in 0 objects" in validated.stdout
    assert f"s3://{outputs['PlotBucketName']}/plot" in validated.stdout


def test_what_was_deployed_works(empty, outputs):
    answer = empty.client("lambda").invoke(FunctionName=outputs["DriverFunctionName"], Payload=b"{}")

    result = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, result
    assert [sample["total_size"] for sample in result["history"]] == [0, 18, 27, 0, 2]


def test_the_environments_variables_follow_the_deployment(empty, outputs):
    printed = empty.make("-s", "env").stdout

    assert f"TIDEMARK_DATA_BUCKET={outputs['DataBucketName']}" in shlex.split(printed)


def test_a_second_deployment_changes_nothing(empty, outputs):
    before = empty.holds()

    again = empty.make("deploy", SETTINGS)

    assert again.returncode == 0, said(again)
    assert again.stdout.count("(no changes)") == 2
    assert "target local: no changes" in again.stdout
    assert empty.holds() == before


def test_diff_shows_what_differs_and_changes_nothing(empty, outputs):
    before = empty.holds()

    same = empty.make("diff", SETTINGS)
    other = empty.make("diff", f"{SETTINGS} queueProfile=high-volume")

    assert (same.returncode, other.returncode) == (0, 0), said(same) + said(other)
    assert same.stdout.count("There were no differences") == 2
    assert "[+] 48" in other.stdout
    assert empty.holds() == before


def test_a_template_that_differs_is_refused_for_localstack_would_only_say_that_it_updates(empty, outputs):
    differing = empty.make("deploy", f"{SETTINGS} queueProfile=high-volume")

    assert differing.returncode != 0
    assert "deploy: LocalStack cannot update a stack: make destroy TARGET=local first\n" in differing.stderr


def test_validate_fails_and_names_what_is_not_there(empty, outputs):
    empty.client("s3").delete_object(Bucket=outputs["PlotBucketName"], Key="plot")
    empty.client("s3").delete_bucket(Bucket=outputs["PlotBucketName"])
    try:
        validated = empty.make("validate")
    finally:
        empty.client("s3").create_bucket(Bucket=outputs["PlotBucketName"])

    assert validated.returncode != 0
    assert f"fail  plot bucket   there is no s3://{outputs['PlotBucketName']}\n" in validated.stdout
    assert "fail  plot object" in validated.stdout
    assert "validate: 3 checks failed" in validated.stderr


def test_destroy_asks_and_without_an_answer_destroys_nothing(empty, outputs):
    before = empty.holds()

    for confirmation in ([], ["CONFIRM=prod"]):
        refused = empty.make("destroy", *confirmation)

        assert refused.returncode != 0
        assert "this data is LOST with them:" in refused.stdout
        assert outputs["DataBucketName"] in refused.stdout
        assert "1 objects, 2 bytes" in refused.stdout
    assert empty.holds() == before


def test_destroy_leaves_nothing_also_not_what_track_added(empty, outputs, nothing):
    other = "tracked-by-hand"
    empty.client("s3").create_bucket(Bucket=other)
    tracked = empty.make("track", f"BUCKET={other}")
    empty.client("s3").put_object(Bucket=outputs["DataBucketName"], Key="left behind", Body=b"x" * 10)

    destroyed = empty.make("destroy", "CONFIRM=local")

    assert tracked.returncode == 0, said(tracked)
    assert destroyed.returncode == 0, said(destroyed)
    assert "removed what make track added: 1 rules, 1 policies" in destroyed.stdout
    assert "target local: no stack is left" in destroyed.stdout
    empty.client("s3").delete_bucket(Bucket=other)
    assert empty.holds() == nothing


def test_destroying_nothing_is_no_error_and_says_so(empty, nothing):
    again = empty.make("destroy", "CONFIRM=local")

    assert again.returncode == 0, said(again)
    assert "target local has no stack here" in again.stdout
