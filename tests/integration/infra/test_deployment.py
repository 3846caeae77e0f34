"""What the deployer made of the templates, read back from LocalStack."""

import json
import os
import uuid

import pytest
import requests

from tests.e2e.environment import signed
from tests.waiting import until
from tidemark.local.deployment.deploy import deploy, unchanged
from tidemark.local.deployment.templates import local_templates
from tidemark.progress import Progress


@pytest.fixture(scope="session")
def outputs(endpoint) -> dict[str, str]:
    """Deploy once more, which changes nothing and returns the outputs."""
    return deploy(endpoint, local_templates(), Progress())


def test_deploying_again_changes_nothing_and_says_so(endpoint, outputs, capsys):
    again = deploy(endpoint, local_templates(), Progress())

    assert again == outputs
    said = [line.split(" s  ")[1] for line in capsys.readouterr().err.splitlines()]
    assert said == ["Tidemark-local-StorageStack: unchanged", "Tidemark-local-LambdaStack: unchanged"]


def test_the_outputs_are_those_that_the_environment_was_given(outputs):
    assert outputs["ApiUrl"] == os.environ["TIDEMARK_API_URL"]
    assert outputs["DataBucketName"] == os.environ["TIDEMARK_DATA_BUCKET"]


def test_localstack_gives_back_the_template_that_it_was_sent(endpoint, stacks):
    wanted = local_templates()
    there = {stack.name: stacks.find(stack.name) for stack in wanted}

    assert unchanged(wanted, there, {"Endpoint": endpoint}) == len(wanted)


def test_the_data_bucket_announces_its_changes_to_eventbridge(aws, outputs):
    configuration = aws("s3").get_bucket_notification_configuration(Bucket=outputs["DataBucketName"])

    assert "EventBridgeConfiguration" in configuration


def test_one_rule_sends_the_data_buckets_changes_to_the_queue_and_two_send_messages_regularly(aws, outputs):
    queue = _queue_arn(aws, outputs["QueueUrl"])

    rules = [
        aws("events").describe_rule(Name=name)
        for name in aws("events").list_rule_names_by_target(TargetArn=queue)["RuleNames"]
    ]
    patterns = [json.loads(rule["EventPattern"])["detail"] for rule in rules if rule.get("EventPattern")]
    schedules = [rule["ScheduleExpression"] for rule in rules if rule.get("ScheduleExpression")]

    assert {rule["State"] for rule in rules} == {"ENABLED"}
    assert patterns == [{"bucket": {"name": [outputs["DataBucketName"]]}}]
    assert sorted(schedules) == ["rate(1 day)", "rate(1 minute)"]


def test_the_queue_feeds_the_tracker_and_its_failures_go_to_the_dead_letter_queue(aws, outputs):
    (mapping,) = aws("lambda").list_event_source_mappings(
        FunctionName=f"{outputs['SizeTrackingFunctionName']}:live"
    )["EventSourceMappings"]
    attributes = aws("sqs").get_queue_attributes(QueueUrl=outputs["QueueUrl"], AttributeNames=["All"])[
        "Attributes"
    ]

    assert mapping["State"] == "Enabled"
    assert mapping["EventSourceArn"] == attributes["QueueArn"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (10, 0)
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert attributes["VisibilityTimeout"] == "180"
    assert json.loads(attributes["RedrivePolicy"]) == {
        "deadLetterTargetArn": _queue_arn(aws, outputs["DlqUrl"]),
        "maxReceiveCount": 5,
    }


def test_the_tables_have_the_index_and_the_expiry(aws, outputs):
    history = aws("dynamodb").describe_table(TableName=outputs["HistoryTableName"])["Table"]
    expiry = aws("dynamodb").describe_time_to_live(TableName=outputs["LedgerTableName"])

    (index,) = history["GlobalSecondaryIndexes"]
    assert (index["IndexName"], index["IndexStatus"]) == ("GSI_SizeByBucket", "ACTIVE")
    assert expiry["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiry"}


@pytest.mark.parametrize("name", ["SizeTrackingFunctionName", "PlottingFunctionName", "DriverFunctionName"])
def test_a_function_is_active_and_logs_to_the_group_that_was_made_for_it(aws, outputs, name):
    function = aws("lambda").get_function(FunctionName=outputs[name])["Configuration"]
    group = function["LoggingConfig"]["LogGroup"]

    assert (function["State"], function["PackageType"]) == ("Active", "Image")
    assert aws("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]


def test_localstack_starts_the_watch_every_minute(aws, outputs):
    checks = until(
        lambda: [line for line in _metrics(aws, outputs) if "UnheardBuckets" in line],
        "the tracker logs a check of the watch",
        seconds=150,
        pause=1,
    )

    assert checks[-1]["Function"] == outputs["SizeTrackingFunctionName"]


def test_pages_of_the_apis_own_origin_may_read_its_answers_and_those_of_no_other(outputs, endpoint):
    own, other = (
        requests.get(outputs["ApiUrl"] + "health", headers={"Origin": origin}, auth=signed, timeout=60)
        for origin in (endpoint, "https://example.org")
    )

    assert own.headers["Access-Control-Allow-Origin"] == endpoint
    assert other.headers.get("Access-Control-Allow-Origin") in {None, endpoint}


def test_the_api_answers_and_answers_a_browsers_preflight_with_and_without_a_body(outputs, endpoint):
    health = requests.get(outputs["ApiUrl"] + "health", auth=signed, timeout=60)
    preflights = [
        requests.options(outputs["ApiUrl"] + "plot", data=body, timeout=60) for body in (None, "{}")
    ]

    assert health.status_code == 200
    for preflight in preflights:
        assert preflight.status_code == 204
        assert preflight.headers["Access-Control-Allow-Origin"] == endpoint
        assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"].split(",")


def test_what_the_tracker_measures_arrives_in_its_log(aws, outputs):
    key = f"measured-{uuid.uuid4()}"
    aws("s3").put_object(Bucket=outputs["DataBucketName"], Key=key, Body=b"12345")

    lags = until(
        lambda: [line for line in _metrics(aws, outputs) if line.get("EventLag")],
        "the tracker logs the lag of an event",
        pause=0.5,
    )

    assert lags[-1]["Bucket"] == outputs["DataBucketName"]
    assert lags[-1]["TotalSize"] >= 5
    assert all(0 <= lag < 300_000 for lag in lags[-1]["EventLag"])
    aws("s3").delete_object(Bucket=outputs["DataBucketName"], Key=key)


def _metrics(aws, outputs) -> list[dict]:
    """Return the metric records in the tracker's log, oldest first."""
    configuration = aws("lambda").get_function_configuration(FunctionName=outputs["SizeTrackingFunctionName"])
    events = [
        event
        for page in aws("logs")
        .get_paginator("filter_log_events")
        .paginate(logGroupName=configuration["LoggingConfig"]["LogGroup"])
        for event in page["events"]
    ]
    lines = [event["message"] for event in sorted(events, key=lambda event: event["timestamp"])]
    return [json.loads(line) for line in lines if line.startswith('{"_aws"')]


def test_a_refusal_is_configured_to_be_readable_by_a_page_of_the_apis_own_origin(aws, outputs, endpoint):
    """LocalStack keeps the configuration and does not heed it, so there is no answer to look at."""
    refusal = aws("apigateway").get_gateway_response(
        restApiId=outputs["ApiId"], responseType="MISSING_AUTHENTICATION_TOKEN"
    )

    assert refusal["responseParameters"] == {
        "gatewayresponse.header.Access-Control-Allow-Origin": f"'{endpoint}'"
    }


def _queue_arn(aws, url) -> str:
    return aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
