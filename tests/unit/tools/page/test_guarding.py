"""Which requests reach the API with the caller's credentials, and which do not."""

import json

import pytest

from tidemark.page.forwarding import Answer
from tidemark.page.guarding import Admitted, admit

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
    assert ask("/s3cret/", {"Host": host}) == Admitted("", "")
    assert ask("/s3cret/plot?bucket=b&window=10", {"Host": host}) == Admitted("plot", "bucket=b&window=10")


def test_a_browsers_own_words_are_admitted():
    headers = {**HOST, "Sec-Fetch-Site": "same-origin", "Origin": f"http://127.0.0.1:{PORT}"}

    assert ask("/s3cret/openapi.yaml", headers) == Admitted("openapi.yaml", "")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        f"evil.example:{PORT}",
        "127.0.0.1",
        "127.0.0.1:1",
        f"127.0.0.1:{PORT}.evil.example",
        "",
    ],
)
def test_a_name_that_was_made_to_resolve_to_us_is_refused(host):
    assert refused(ask("/s3cret/", {"Host": host})) == (403, "refused")


def test_a_request_without_a_host_is_refused():
    assert refused(ask("/s3cret/", {})) == (403, "refused")


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", f"https://127.0.0.1:{PORT}"]
)
def test_another_origin_is_refused(origin):
    assert refused(ask("/s3cret/count", {**HOST, "oRigin": origin})) == (403, "refused")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_asks_for_is_refused(site):
    assert refused(ask("/s3cret/count", {**HOST, "sec-fetch-site": site})) == (403, "refused")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
def test_nothing_but_reading_is_forwarded(method):
    assert refused(ask("/s3cret/plot", method=method)) == (405, "bad-method")


@pytest.mark.parametrize("body", [{"Content-Length": "5"}, {"Transfer-Encoding": "chunked"}])
def test_a_body_is_refused(body):
    assert refused(ask("/s3cret/count", {**HOST, **body})) == (400, "bad-request")


@pytest.mark.parametrize(
    "target", ["/", "/count", "/s3cre/count", "/s3cret", "/S3CRET/", "//s3cret/", "", "\u00e4"]
)
def test_whoever_does_not_know_the_secret_gets_nothing(target):
    assert refused(ask(target)) == (404, "no-such-page")


@pytest.mark.parametrize(
    "target",
    [
        "/s3cret/../x",
        "/s3cret/a/b",
        "/s3cret//evil.example/",
        "/s3cret/%2e%2e/x",
        "/s3cret/@evil.example",
        "/s3cret/a\nb",
    ],
)
def test_no_path_leads_out_of_the_api(target):
    assert refused(ask(target)) == (404, "no-such-route")


@pytest.mark.parametrize("target", ["http://evil.example/s3cret/", "evil.example:443"])
def test_a_target_with_another_host_is_refused(target):
    assert refused(ask(target)) == (404, "no-such-page")
