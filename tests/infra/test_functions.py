"""Each function's image, limits and environment."""

import pytest

from infra_cdk.images import PLACEHOLDER
from tests.infra.templates import text

ENVIRONMENT = {
    "size-tracking": {"HISTORY_TABLE", "LEDGER_TABLE", "QUEUE_URL"},
    "plotting": {"HISTORY_TABLE", "LEDGER_TABLE", "QUEUE_URL", "DATA_BUCKET"}
    | {"SIZE_INDEX", "PLOT_BUCKET", "CORS_ORIGIN"},
    "driver": {"HISTORY_TABLE", "LEDGER_TABLE", "QUEUE_URL", "DATA_BUCKET"}
    | {"API_URL", "DRIVER_PAUSE_SECONDS"},
}
PARAMETERS = {
    "HISTORY_TABLE": "${HistoryTableName}",
    "LEDGER_TABLE": "${LedgerTableName}",
    "DATA_BUCKET": "${DataBucketName}",
    "PLOT_BUCKET": "${PlotBucketName}",
    "SIZE_INDEX": "GSI_SizeByBucket",
}


def test_a_function_is_told_what_it_reads_and_nothing_else(application, service):
    variables = application.function(service)[1]["Environment"]["Variables"]

    assert set(variables) == ENVIRONMENT[service]
    for name in variables.keys() & PARAMETERS.keys():
        assert text(variables[name]) == PARAMETERS[name]
    assert variables["QUEUE_URL"] == {"Ref": application.by_output("QueueUrl")}


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
