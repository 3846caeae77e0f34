"""API Gateway's events become requests, and responses become its answers."""

import base64
import json

import pytest

from plotting.gateway import (
    Request,
    Response,
    json_response,
    not_modified,
    origin_of,
    problem_response,
    request_of,
)
from plotting.problems import BAD_METHOD, BAD_WINDOW, ProblemError

GET = {"httpMethod": "GET", "resource": "/plot"}
POST = {"httpMethod": "POST", "resource": "/plot", "path": "/plot"}
BASE64 = base64.b64encode(b'{"window": 1}').decode()

REQUESTS = {
    "a body in base64 is decoded": (
        {**POST, "body": BASE64, "isBase64Encoded": True},
        Request("POST", "/plot", body=b'{"window": 1}'),
    ),
    "a body in plain text is taken as it is": (
        {**POST, "body": "{}", "isBase64Encoded": False},
        Request("POST", "/plot", body=b"{}"),
    ),
    "a missing body is empty": ({**POST, "body": None}, Request("POST", "/plot")),
    "every value of a repeated parameter is kept": (
        {
            **GET,
            "queryStringParameters": {"window": "20", "bucket": "photos"},
            "multiValueQueryStringParameters": {"window": ["10", "20"], "bucket": ["photos"]},
        },
        Request("GET", "/plot", query=(("window", "10"), ("window", "20"), ("bucket", "photos"))),
    ),
    "single values are enough": (
        {**GET, "queryStringParameters": {"window": "20"}},
        Request("GET", "/plot", query=(("window", "20"),)),
    ),
    "headers are found whatever their case": (
        {**GET, "headers": {"If-None-MATCH": '"1"'}},
        Request("GET", "/plot", headers={"if-none-match": '"1"'}),
    ),
    "parameters of the path are filled in": (
        {
            "httpMethod": "get",
            "resource": "/assets/{file}",
            "path": "/base/assets/app.js",
            "pathParameters": {"file": "app.js"},
        },
        Request("GET", "/assets/app.js"),
    ),
}


@pytest.mark.parametrize(("event", "request_"), REQUESTS.values(), ids=REQUESTS)
def test_an_event_is_a_request(event, request_):
    assert request_of(event) == request_


PATHS = {
    "a resource has no base path of a custom domain": ("/plot", "/base/plot", "/plot"),
    "a greedy resource leaves the path": ("/{proxy+}", "/plot", "/plot"),
    "a slash at the end changes nothing": ("/{proxy+}", "/plot/", "/plot"),
    "the root stays": ("/", "/", "/"),
    "no resource leaves the path": (None, "/plot", "/plot"),
}


@pytest.mark.parametrize(("resource", "path", "expected"), PATHS.values(), ids=PATHS)
def test_the_path_is_that_of_the_api(resource, path, expected):
    assert request_of({"httpMethod": "GET", "resource": resource, "path": path}).path == expected


BAD_EVENTS = {
    "empty": {},
    "an SQS event": {"Records": []},
    "a method that is not text": {"httpMethod": 7, "path": "/plot"},
    "no path": {"httpMethod": "GET"},
    "a body that is not text": {**POST, "body": {"window": 1}},
    "a parameter that is null": {**GET, "queryStringParameters": {"limit": None}},
    "values that are null": {**GET, "multiValueQueryStringParameters": {"limit": None}},
    "a value that is null": {**GET, "multiValueQueryStringParameters": {"limit": ["1", None]}},
    "a parameter that is a number": {**GET, "queryStringParameters": {"limit": 5}},
    "parameters that are a list": {**GET, "queryStringParameters": ["limit"]},
    "headers that are text": {**GET, "headers": "Accept: */*"},
    "path parameters that are text": {**GET, "pathParameters": "plot"},
}
BAD_BODIES = {
    "a body that is not base64": {**POST, "body": "{}", "isBase64Encoded": True},
    "a body of broken base64": {**POST, "body": "abcde", "isBase64Encoded": True},
}


@pytest.mark.parametrize(
    ("event", "kind"),
    [(event, "bad-event") for event in BAD_EVENTS.values()]
    + [(event, "bad-body") for event in BAD_BODIES.values()],
    ids=[*BAD_EVENTS, *BAD_BODIES],
)
def test_a_bad_event_is_a_problem(event, kind):
    with pytest.raises(ProblemError) as raised:
        request_of(event)

    assert (raised.value.kind.name, raised.value.kind.status) == (kind, 400)


def test_bytes_leave_in_base64():
    answer = Response(200, "image/png", b"\x89PNG").to_answer()

    assert answer["isBase64Encoded"] is True
    assert base64.b64decode(answer["body"]) == b"\x89PNG"
    assert answer["headers"]["Content-Type"] == "image/png"


def test_json_leaves_as_text_that_is_ascii():
    answer = json_response({"key": "füße"}).to_answer()

    assert answer["isBase64Encoded"] is False
    assert answer["body"].isascii()
    assert json.loads(answer["body"]) == {"key": "füße"}


def test_a_problem_leaves_as_problem_json_with_its_headers():
    answer = problem_response(ProblemError(BAD_METHOD, "No.", headers={"Allow": "GET"})).to_answer()

    assert answer["statusCode"] == 405
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert answer["headers"]["Allow"] == "GET"


def test_a_304_has_no_body_and_no_type():
    answer = not_modified({"ETag": 'W/"1"'}).to_answer()

    assert (answer["statusCode"], answer["body"]) == (304, "")
    assert "Content-Type" not in answer["headers"]


ANSWERS = [json_response({}), problem_response(ProblemError(BAD_WINDOW, "No.")), not_modified({})]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("origin", ["https://example.org", None])
def test_web_pages_of_any_origin_may_read_every_answer_if_any_is_allowed(answer, origin):
    headers = answer.to_answer(origin, "*")["headers"]

    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Access-Control-Expose-Headers"] == "*"
    assert headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize(
    ("origin", "readable"),
    [("https://example.org", True), ("https://example.com", False), ("null", False), (None, False)],
)
def test_otherwise_only_pages_of_the_allowed_origin_may_read_them(answer, origin, readable):
    headers = answer.to_answer(origin, "https://example.org")["headers"]

    assert headers.get("Access-Control-Allow-Origin") == ("https://example.org" if readable else None)
    assert ("Access-Control-Expose-Headers" in headers) == readable
    assert headers["Vary"] == "Accept-Encoding, Origin"


def test_without_an_allowed_origin_no_page_of_another_may_read_anything():
    assert "Access-Control-Allow-Origin" not in json_response({}).to_answer("https://example.org")["headers"]


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({"Origin": "https://example.org"}, "https://example.org"),
        ({"oRIGIN": "null"}, "null"),
        ({"Accept": "*/*"}, None),
        (None, None),
        ("Origin: https://example.org", None),
    ],
)
def test_the_origin_of_a_request_is_found_even_if_the_event_is_broken(headers, origin):
    assert origin_of({"headers": headers}) == origin
