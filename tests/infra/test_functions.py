"""Each function's image, limits and environment."""

import pytest

from infra_cdk.images import PLACEHOLDER
from tests.infra.templates import text

ENVIRONMENT = {
    "size-tracking": {
        "HISTORY_TABLE",
        "LEDGER_TABLE",
        "QUEUE_URL",
        "TRACKED_BUCKETS",
        "SAMPLE_RETENTION_DAYS",
    },
    "plotting": {"HISTORY_TABLE", "LEDGER_TABLE", "QUEUE_URL", "DATA_BUCKET"}
    | {"SIZE_INDEX", "PLOT_BUCKET", "DLQ_URL", "RULE_DLQ_URL", "CORS_ORIGIN", "SAMPLE_RETENTION_DAYS"},
    "driver": {"HISTORY_TABLE", "LEDGER_TABLE", "QUEUE_URL", "DATA_BUCKET"}
    | {"API_URL", "DRIVER_PAUSE_SECONDS"},
}
PARAMETERS = {
    "HISTORY_TABLE": "${HistoryTableName}",
    "LEDGER_TABLE": "${LedgerTableName}",
    "DATA_BUCKET": "${DataBucketName}",
    "PLOT_BUCKET": "${PlotBucketName}",
    "SIZE_INDEX": "GSI_SizeByBucket",
    "TRACKED_BUCKETS": "${DataBucketName}",
}
ENVIRONMENT_BYTES = 4096
"""AWS's limit for all names and values of a function's variables."""
LONGEST = {"HistoryTableName": 255, "LedgerTableName": 255, "DataBucketName": 63, "PlotBucketName": 63}
"""The maximum length of what a parameter names: a table's name, that of a bucket made today."""
QUEUE_URL_BYTES = len("https://sqs.ap-southeast-1.amazonaws.com/123456789012/") + 80
API_URL_BYTES = len("https://1234567890.execute-api.ap-southeast-1.amazonaws.com/v1/")


@pytest.mark.parametrize(("context", "days"), [({}, "0"), ({"sampleRetentionDays": "90"}, "90")])
def test_the_writer_and_the_reader_of_samples_know_how_long_they_are_kept(synth, context, days):
    stack = synth(target="prod", **context)["LambdaStack"]
    variables = [
        function["Environment"]["Variables"].get("SAMPLE_RETENTION_DAYS")
        for function in stack.all("AWS::Lambda::Function")
        if "HISTORY_TABLE" in function.get("Environment", {}).get("Variables", {})
    ]

    assert sorted(variables, key=str) == sorted([days, days, None], key=str)


def test_a_function_is_told_what_it_reads_and_nothing_else(application, service):
    variables = application.function(service)[1]["Environment"]["Variables"]

    assert set(variables) == ENVIRONMENT[service]
    for name in variables.keys() & PARAMETERS.keys():
        assert text(variables[name]) == PARAMETERS[name]
    assert variables["QUEUE_URL"] == {"Ref": application.by_output("QueueUrl")}


def test_the_tracker_is_told_every_bucket_that_the_settings_track_and_plotting_where_lost_messages_are(synth):
    application = synth(target="prod", trackedBuckets="one-bucket,My_Bucket")["LambdaStack"]
    tracker, plotting = (
        application.function(service)[1]["Environment"]["Variables"]
        for service in ("size-tracking", "plotting")
    )

    assert text(tracker["TRACKED_BUCKETS"]) == "${DataBucketName},one-bucket,My_Bucket"
    assert plotting["DLQ_URL"] == {"Ref": application.by_output("DlqUrl")}
    assert plotting["RULE_DLQ_URL"] == {"Ref": application.by_output("RuleDlqUrl")}


@pytest.mark.parametrize(("count", "length"), [(20, 63), (20, 86), (6, 255)])
def test_a_functions_environment_has_room_for_the_longest_names(synth, service, count, length):
    names = ",".join(f"{number:02}-".ljust(length, "a") for number in range(count))
    application = synth(target="prod", trackedBuckets=names)["LambdaStack"]

    variables = application.function(service)[1]["Environment"]["Variables"]

    assert sum(len(name) + _longest(value) for name, value in variables.items()) <= ENVIRONMENT_BYTES


def _longest(value) -> int:
    """Return the maximum length of a variable once CloudFormation has put in what it refers to."""
    match value:
        case str():
            return len(value)
        case {"Ref": name} if name in LONGEST:
            return LONGEST[name]
        case {"Ref": name} if name.startswith("Tracking"):
            return QUEUE_URL_BYTES
        case {"Fn::Join": ["", parts]} if "execute-api" in str(parts):
            return API_URL_BYTES
        case {"Fn::Join": ["", parts]}:
            return sum(_longest(part) for part in parts)
    raise AssertionError(f"of unknown length: {value}")


def test_a_function_on_aws_runs_the_pushed_image_by_its_digest(synth, service):
    application = synth(target="prod")["LambdaStack"]
    _, function = application.function(service)

    assert function["PackageType"] == "Image"
    assert text(function["Code"]["ImageUri"]) == (
        "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}"
        f"/tidemark/{service}@sha256:{service.encode().hex().ljust(64, '0')}"
    )


def test_a_local_function_keeps_its_digest_whatever_was_pushed(synth, service):
    application = synth(target="local")["LambdaStack"]

    assert text(application.function(service)[1]["Code"]["ImageUri"]).endswith(f"@{PLACEHOLDER}")


def test_a_clone_without_images_synthesizes_and_cannot_be_deployed(synth):
    application = synth(target="prod", images=False)["LambdaStack"]
    without_value = {
        name: parameter
        for name, parameter in application.body["Parameters"].items()
        if "Default" not in parameter
    }

    (refusal,) = application.body["Rules"]["ImagesArePushed"]["Assertions"]

    assert list(without_value) == ["RunMakePushImagesFirst"]
    assert refusal["AssertDescription"].endswith("run make push-images first")
    assert without_value["RunMakePushImagesFirst"]["Description"].endswith("size-tracking, plotting, driver")


def test_a_deployment_whose_images_are_pushed_asks_for_no_value(application):
    assert [name for name, value in application.body["Parameters"].items() if "Default" not in value] == []
    assert "ImagesArePushed" not in application.body.get("Rules", {})


def test_a_template_is_refused_where_its_digests_are_not(synth):
    rules = synth(target="prod")["LambdaStack"].body["Rules"]["ImagesAreHere"]["Assertions"]

    assert [rule["Assert"]["Fn::Equals"] for rule in rules] == [
        [{"Ref": "AWS::AccountId"}, "111122223333"],
        [{"Ref": "AWS::Region"}, "eu-central-1"],
    ]
    for rule in rules:
        assert rule["AssertDescription"].endswith("run make push-images for this account and region first")
    assert "ImagesAreHere" not in synth(target="local")["LambdaStack"].body.get("Rules", {})
    assert "ImagesAreHere" not in synth(target="prod", images=False)["LambdaStack"].body["Rules"]


def test_the_architecture_is_a_setting(synth, service):
    application = synth(target="prod", architecture="arm64")["LambdaStack"]

    assert application.function(service)[1]["Architectures"] == ["arm64"]


def test_a_function_logs_to_a_group_that_forgets_after_a_month(application, service):
    _, function = application.function(service)
    log = application.resources[function["LoggingConfig"]["LogGroup"]["Ref"]]

    assert log["Type"] == "AWS::Logs::LogGroup"
    assert log["Properties"]["RetentionInDays"] == 30


def test_plotting_times_out_before_the_api_stops_waiting(application):
    waits = {
        method["Integration"]["TimeoutInMillis"]
        for method in application.all("AWS::ApiGateway::Method")
        if method["Integration"]["Type"] == "AWS_PROXY"
    }

    assert waits == {29_000}
    assert application.function("plotting")[1]["Timeout"] < 29


def test_the_driver_may_wait_for_its_changes_to_show(application):
    assert application.function("driver")[1]["Timeout"] >= 120


def test_no_function_takes_concurrency_from_the_others(application, service):
    assert "ReservedConcurrentExecutions" not in application.function(service)[1]


@pytest.mark.parametrize(
    ("context", "seconds"),
    [
        ({"target": "prod"}, "2"),
        ({"target": "local"}, "1"),
        ({"target": "prod", "driverPauseSeconds": "5"}, "5"),
    ],
)
def test_the_driver_pauses_so_that_the_dots_stand_apart(synth, context, seconds):
    variables = synth(**context)["LambdaStack"].function("driver")[1]["Environment"]["Variables"]

    assert variables["DRIVER_PAUSE_SECONDS"] == seconds
