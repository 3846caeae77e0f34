"""Routes and failures that reach no table."""

import json
from dataclasses import fields
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from plotting import handler as module
from plotting.settings import Settings
from size_history.batch_get import UnreadKeysError
from size_history.deadline import OutOfTimeError

CONTEXT = SimpleNamespace(aws_request_id="request-1", function_name="plotting-1")
SETTINGS = {field.name.upper(): field.name for field in fields(Settings)} | {"SAMPLE_RETENTION_DAYS": "30"}


def forget():
    """Let the next call read the environment again."""
    module.sources.cache_clear()
    module._settings.cache_clear()


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    """Set every variable; the region is named so that no client needs the machine's."""
    for name, value in {**SETTINGS, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    forget()
    yield
    forget()


def answer_of(method, path, **event):
    answer = module.handler({"httpMethod": method, "resource": path, "path": path, **event}, CONTEXT)
    return answer, json.loads(answer["body"])


def test_health_says_which_versions_run():
    answer, health = answer_of("GET", "/health")

    assert answer["statusCode"] == 200
    assert health["status"] == "ok"
    assert health["versions"]["plotting"] == "0.1.0"
    assert health["versions"]["matplotlib"][0].isdigit()


def test_an_unknown_path_is_a_404_that_names_the_known_ones():
    answer, problem = answer_of("GET", "/plots")

    assert answer["statusCode"] == 404
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert problem == {
        "type": "urn:tidemark:problem:no-such-route",
        "title": "There is nothing at this path",
        "status": 404,
        "detail": "There is no /plots: there are /plot, /history, /size, /range, /count, /buckets, /prefixes, /health, "
        "/openapi.yaml, /.",
    }


def test_a_wrong_method_is_a_405_that_allows_the_right_ones():
    answer, problem = answer_of("DELETE", "/plot")

    assert answer["statusCode"] == 405
    assert answer["headers"]["Allow"] == "POST, GET"
    assert problem["type"] == "urn:tidemark:problem:bad-method"


def test_a_bad_window_is_a_400_that_names_it():
    answer, problem = answer_of("POST", "/plot", body='{"window": -1}')

    assert answer["statusCode"] == 400
    assert problem["parameter"] == "window"


def test_an_event_that_is_no_request_is_a_400():
    answer = module.handler({"Records": []}, CONTEXT)

    assert answer["statusCode"] == 400


def test_missing_settings_are_a_500_and_a_log_that_names_all_of_them(monkeypatch, caplog):
    monkeypatch.delenv("PLOT_BUCKET")
    monkeypatch.delenv("HISTORY_TABLE")

    answer, problem = answer_of("GET", "/health")

    assert answer["statusCode"] == 500
    assert "HISTORY_TABLE, PLOT_BUCKET" in caplog.text
    assert "PLOT_BUCKET" not in problem["detail"]


def test_importing_the_handler_reads_no_environment_and_opens_no_client(monkeypatch):
    for name in SETTINGS:
        monkeypatch.delenv(name)

    forget()

    assert module.sources.cache_info().currsize == 0
    with pytest.raises(ValueError, match="its environment lacks: HISTORY_TABLE, LEDGER_TABLE, SIZE_INDEX"):
        module.sources()


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [("GET", "/health", "GET /health"), ("DELETE", "/plot", "other"), ("GET", "/an/invention", "other")],
)
def test_the_time_of_an_answer_is_a_metric_of_its_route_and_invented_paths_share_one(
    capsys, method, path, route
):
    answer_of(method, path)

    (line,) = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive == {
        "Namespace": "Tidemark",
        "Dimensions": [["Function", "Route"]],
        "Metrics": [{"Name": "AnswerTime", "Unit": "Milliseconds"}],
    }
    assert (line["Function"], line["Route"]) == ("plotting-1", route)
    assert 0 <= line["AnswerTime"] < 60_000


@pytest.mark.parametrize(("origin", "readable"), [("cors_origin", True), ("https://example.com", False)])
def test_only_a_page_of_the_origin_in_the_settings_may_read_an_answer(origin, readable):
    answer, _ = answer_of("GET", "/health", headers={"Origin": origin})

    assert answer["headers"].get("Access-Control-Allow-Origin") == ("cors_origin" if readable else None)


def test_an_answer_without_settings_is_still_an_answer(monkeypatch):
    monkeypatch.delenv("CORS_ORIGIN")

    answer, _ = answer_of("GET", "/health", headers={"Origin": "https://example.com"})

    assert answer["statusCode"] == 500
    assert "Access-Control-Allow-Origin" not in answer["headers"]


FAILURES = {
    "a refusal": ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Query"),
    "a timeout": ReadTimeoutError(endpoint_url="https://dynamodb"),
    "no connection": EndpointConnectionError(endpoint_url="https://dynamodb"),
    "an overloaded table": UnreadKeysError("1 keys were left unread"),
    "no time left": OutOfTimeError("out of time before dynamodb.Query began"),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_what_aws_may_answer_is_a_500_and_one_line_in_the_log(monkeypatch, caplog, failure):
    monkeypatch.setattr(module, "_respond", raising(failure))

    answer, problem = answer_of("GET", "/size")

    assert (answer["statusCode"], problem["type"]) == (500, "urn:tidemark:problem:internal")
    assert problem["detail"] == "The log has the reason, under request request-1."
    (line,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert line.getMessage() == f"request request-1 failed: {type(failure).__name__}: {failure}"
    assert line.exc_info is None


def test_what_nobody_foresaw_is_a_500_and_its_stack_in_the_log(monkeypatch, caplog):
    monkeypatch.setattr(module, "_respond", raising(KeyError("surprise")))

    answer, _ = answer_of("GET", "/size")

    assert answer["statusCode"] == 500
    (line,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert line.exc_info[0] is KeyError


def raising(error):
    def respond(_event):
        raise error

    return respond
