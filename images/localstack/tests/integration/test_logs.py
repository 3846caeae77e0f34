"""A function's output reaches CloudWatch Logs, in its configured group."""

import json

import pytest

from harness import until


def messages(localstack, group, count):
    """Return the messages of a group once there are that many."""
    return until(lambda: len(found := localstack.log_lines(group)) >= count and found)


def test_the_configured_group_holds_every_line_framed(functions, app, localstack, name):
    logs = localstack.client("logs")
    logs.create_log_group(logGroupName=f"/mine/{name}")
    function = functions.create(app, LoggingConfig={"LogGroup": f"/mine/{name}"})

    answer = functions.invoke(function, {"say": "one\ntwo"})

    start, *said, end, report = messages(localstack, f"/mine/{name}", 6)
    assert start == f"START RequestId: {answer.request_id} Version: $LATEST"
    assert said == ["init", "one", "two"]
    assert end == f"END RequestId: {answer.request_id}"
    assert report.startswith(f"REPORT RequestId: {answer.request_id}\tDuration: ")
    assert answer.payload["environment"]["AWS_LAMBDA_LOG_GROUP_NAME"] == f"/mine/{name}"
    groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{function}")["logGroups"]
    assert groups == []


def test_without_a_configured_group_it_is_lambdas_own(functions, app, localstack):
    function = functions.create(app)

    functions.invoke(function)

    assert messages(localstack, f"/aws/lambda/{function}", 4)[1] == "init"


@pytest.mark.parametrize(
    ("event", "said", "status"),
    [
        ({"sleep": 600}, "Task timed out after 2.00 seconds", "Status: timeout"),
        (
            {"exit": 3},
            "Runtime exited with error: exit status 3",
            "Status: error\tError Type: Runtime.ExitError",
        ),
    ],
)
def test_calls_that_do_not_come_back_are_logged_too(functions, app, localstack, event, said, status):
    function = functions.create(app, Timeout=2 if "sleep" in event else 30)

    functions.invoke(function, event)

    start, *lines, end, report = messages(localstack, f"/aws/lambda/{function}", 5)
    assert start.startswith("START ")
    assert any(said in line for line in lines)
    assert end.startswith("END ")
    assert status in report


def test_json_logs_are_json(functions, localstack):
    image = functions.image("import logging\ndef handler(event, context): logging.getLogger().error('mine')")
    function = functions.create(image, LoggingConfig={"LogFormat": "JSON"})

    functions.invoke(function)

    start, mine, report = (json.loads(line) for line in messages(localstack, f"/aws/lambda/{function}", 3))
    assert (start["type"], mine["message"], report["type"]) == ("platform.start", "mine", "platform.report")


def test_the_end_of_the_log_comes_with_the_answer(functions, function):
    answer = functions.invoke(function, {"say": "x" * 5000})

    assert len(answer.log.encode()) == 4096
    assert answer.log.splitlines()[-1].startswith("REPORT ")


def test_a_flood_of_output_is_bounded_and_hurts_nobody(functions, localstack):
    source = "def handler(event, context):\n    for _ in range(1000): print('x' * 100_000)"
    function = functions.create(functions.image(source), Timeout=60)
    before = localstack.root.memory_info().rss

    answer = functions.invoke(function)

    assert answer.error is None
    assert localstack.root.memory_info().rss - before < 80_000_000
