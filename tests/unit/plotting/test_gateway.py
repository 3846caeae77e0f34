"""API Gateway's events become requests, and responses its answers."""

import base64
import json

import pytest

from plotting.gateway import Request, Response, json_response, not_modified, problem_response, request_of
from plotting.problems import BAD_METHOD, BAD_WINDOW, ProblemError

GET = {"httpMethod": "GET", "resource": "/plot"}


def test_a_body_in_base64_is_decoded():
    event = {
        "httpMethod": "POST",
        "resource": "/plot",
        "path": "/plot",
        "body": base64.b64encode(b'{"window": 1}').decode(),
        "isBase64Encoded": True,
    }

    assert request_of(event) == Request("POST", "/plot", body=b'{"window": 1}')


def test_a_body_in_plain_text_is_taken_as_it_is():
    event = {"httpMethod": "POST", "resource": "/plot", "body": "{}", "isBase64Encoded": False}

    assert request_of(event).body == b"{}"


def test_a_missing_body_is_empty():
    assert request_of({"httpMethod": "POST", "resource": "/plot", "body": None}).body == b""


def test_every_value_of_a_repeated_parameter_is_kept():
    event = {
        "httpMethod": "GET",
        "resource": "/plot",
        "queryStringParameters": {"window": "20", "bucket": "photos"},
        "multiValueQueryStringParameters": {"window": ["10", "20"], "bucket": ["photos"]},
    }

    assert request_of(event).query == (("window", "10"), ("window", "20"), ("bucket", "photos"))


def test_single_values_are_enough():
    event = {"httpMethod": "GET", "resource": "/plot", "queryStringParameters": {"window": "20"}}

    assert request_of(event).query == (("window", "20"),)


PATHS = {
    "a resource stands without the base path of a custom domain": ("/plot", "/base/plot", "/plot"),
    "a greedy resource leaves the path": ("/{proxy+}", "/plot", "/plot"),
    "a slash at the end changes nothing": ("/{proxy+}", "/plot/", "/plot"),
    "the root stays": ("/", "/", "/"),
    "no resource leaves the path": (None, "/plot", "/plot"),
}


@pytest.mark.parametrize(("resource", "path", "expected"), PATHS.values(), ids=PATHS)
def test_the_path_is_that_of_the_api(resource, path, expected):
    assert request_of({"httpMethod": "GET", "resource": resource, "path": path}).path == expected


def test_parameters_of_the_path_are_filled_in():
    event = {
        "httpMethod": "GET",
        "resource": "/assets/{file}",
        "path": "/base/assets/app.js",
        "pathParameters": {"file": "app.js"},
    }

    assert request_of(event).path == "/assets/app.js"


BAD_EVENTS = {
    "a parameter that is null": ({**GET, "queryStringParameters": {"limit": None}}, "bad-event"),
    "values that are null": ({**GET, "multiValueQueryStringParameters": {"limit": None}}, "bad-event"),
    "a value that is null": ({**GET, "multiValueQueryStringParameters": {"limit": ["1", None]}}, "bad-event"),
    "a parameter that is a number": ({**GET, "queryStringParameters": {"limit": 5}}, "bad-event"),
    "parameters that are a list": ({**GET, "queryStringParameters": ["limit"]}, "bad-event"),
    "headers that are text": ({**GET, "headers": "Accept: */*"}, "bad-event"),
    "path parameters that are text": ({**GET, "pathParameters": "plot"}, "bad-event"),
    "empty": ({}, "bad-event"),
    "an SQS event": ({"Records": []}, "bad-event"),
    "a method that is no text": ({"httpMethod": 7, "path": "/plot"}, "bad-event"),
    "no path": ({"httpMethod": "GET"}, "bad-event"),
    "a body that is no text": ({"httpMethod": "POST", "path": "/plot", "body": {"window": 1}}, "bad-event"),
    "a body that is not base64": (
        {"httpMethod": "POST", "path": "/plot", "body": "{}", "isBase64Encoded": True},
        "bad-body",
    ),
    "a body of broken base64": (
        {"httpMethod": "POST", "path": "/plot", "body": "abcde", "isBase64Encoded": True},
        "bad-body",
    ),
}


@pytest.mark.parametrize(("event", "kind"), BAD_EVENTS.values(), ids=BAD_EVENTS)
def test_a_bad_event_is_a_problem(event, kind):
    with pytest.raises(ProblemError) as raised:
        request_of(event)

    assert (raised.value.kind.name, raised.value.kind.status) == (kind, 400)


def test_bytes_go_out_in_base64():
    answer = Response(200, "image/png", b"\x89PNG").to_answer()

    assert answer["isBase64Encoded"] is True
    assert base64.b64decode(answer["body"]) == b"\x89PNG"
    assert answer["headers"]["Content-Type"] == "image/png"


def test_json_goes_out_as_text_that_is_ascii():
    answer = json_response({"key": "füße"}).to_answer()

    assert answer["isBase64Encoded"] is False
    assert answer["body"].isascii()
    assert json.loads(answer["body"]) == {"key": "füße"}


def test_a_problem_goes_out_as_problem_json_with_its_headers():
    problem = ProblemError(BAD_METHOD, "No.", headers={"Allow": "GET"})

    answer = problem_response(problem).to_answer()

    assert answer["statusCode"] == 405
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert answer["headers"]["Allow"] == "GET"


def test_pages_of_the_origin_that_is_set_may_read_every_answer():
    answers = [json_response({}), problem_response(ProblemError(BAD_WINDOW, "No.")), not_modified({})]

    headers = [answer.to_answer("https://example.org")["headers"] for answer in answers]

    assert {header["Access-Control-Allow-Origin"] for header in headers} == {"https://example.org"}
    assert {header["Access-Control-Expose-Headers"] for header in headers} == {"*"}


def test_without_an_origin_no_other_page_may_read_an_answer():
    assert "Access-Control-Allow-Origin" not in json_response({}).to_answer()["headers"]


def test_a_304_has_no_body_and_no_type():
    answer = not_modified({"ETag": 'W/"1"'}).to_answer()

    assert (answer["statusCode"], answer["body"]) == (304, "")
    assert "Content-Type" not in answer["headers"]


def test_headers_are_found_whatever_their_case():
    event = {"httpMethod": "GET", "path": "/plot", "headers": {"If-None-MATCH": '"1"'}}

    assert request_of(event).headers == {"if-none-match": '"1"'}
