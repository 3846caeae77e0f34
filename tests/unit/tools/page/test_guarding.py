"""Which requests reach the API with the caller's credentials, and which do not."""

import json

import pytest

from tidemark.aws.signing import Answer
from tidemark.page.guarding import admit

PORT = 8765
SECRET = "s3cret"
HOST = {"Host": f"127.0.0.1:{PORT}"}


def ask(target, headers=HOST, method="GET"):
    return admit(method, target, headers, port=PORT, secret=SECRET)


def refused(answer):
    assert isinstance(answer, Answer)
    return answer.status, json.loads(answer.body)["type"].removeprefix("urn:tidemark:dashboard:")


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"LOCALHOST:{PORT}"])
def test_the_page_and_its_questions_are_admitted(host):
    assert ask("/s3cret/", {"Host": host}) == ""
    assert ask("/s3cret/plot?bucket=b&window=10", {"Host": host}) == "plot?bucket=b&window=10"


def test_a_browsers_own_words_are_admitted():
    headers = {**HOST, "Sec-Fetch-Site": "same-origin", "Origin": f"http://127.0.0.1:{PORT}"}

    assert ask("/s3cret/openapi.yaml", headers) == "openapi.yaml"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},  # made to resolve to us
        {"Host": f"evil.example:{PORT}"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": f"127.0.0.1:{PORT}.evil.example"},
        {"Host": ""},
        {},
        {**HOST, "oRigin": "https://evil.example"},
        {**HOST, "oRigin": "null"},
        {**HOST, "oRigin": "http://127.0.0.1:1"},
        {**HOST, "oRigin": f"https://127.0.0.1:{PORT}"},
        {**HOST, "sec-fetch-site": "cross-site"},
        {**HOST, "sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_a_request_for_another_host_or_from_another_site_is_refused(headers):
    assert refused(ask("/s3cret/count", headers)) == (403, "refused")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
def test_nothing_but_reading_is_forwarded(method):
    assert refused(ask("/s3cret/plot", method=method)) == (405, "bad-method")


@pytest.mark.parametrize("body", [{"Content-Length": "5"}, {"Transfer-Encoding": "chunked"}])
def test_a_body_is_refused(body):
    assert refused(ask("/s3cret/count", {**HOST, **body})) == (400, "bad-request")


@pytest.mark.parametrize(
    "target",
    [
        *("/", "/count", "/s3cre/count", "/s3cret", "/S3CRET/", "//s3cret/", "", "\u00e4"),
        *("http://evil.example/s3cret/", "evil.example:443"),
    ],
)
def test_without_the_secret_there_is_nothing(target):
    assert refused(ask(target)) == (404, "no-such-page")


@pytest.mark.parametrize("path", ["../x", "a/b", "/evil.example/", "%2e%2e/x", "@evil.example", "a\nb"])
def test_no_path_leads_out_of_the_api(path):
    assert refused(ask(f"/s3cret/{path}")) == (404, "no-such-route")
