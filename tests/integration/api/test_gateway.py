"""What passes through the local API Gateway: conditional requests, pages, formats, bodies and browsers' preflights."""

import csv
import io
from importlib import resources
from urllib.parse import urlsplit

import pytest
import requests
from PIL import Image

from size_history.times import to_text
from tests.e2e.environment import signed
from tests.integration.api.conftest import OBJECTS


@pytest.fixture
def own_origin(environment):
    """The origin of the API itself, which is that of the dashboard."""
    url = urlsplit(environment.api_url)
    return f"{url.scheme}://{url.netloc}"


def test_the_contract_that_is_served_is_the_one_that_is_committed(get):
    answer = get("openapi.yaml")

    assert answer.headers["Content-Type"] == "application/yaml"
    assert answer.text == (resources.files("plotting") / "openapi.yaml").read_text()


@pytest.mark.parametrize("path", ["size", "count", "prefixes", "history", "plot", "openapi.yaml", ""])
def test_a_caller_that_has_the_answer_gets_a_304_without_a_body(get, tracked, path):
    query = {"bucket": tracked.bucket} if path in {"size", "count", "prefixes", "history", "plot"} else {}
    closed = (
        {"from": to_text(tracked.samples[0].time), "to": to_text(tracked.samples[-1].time)}
        if path in {"history", "plot"}
        else {}
    )
    first = get(path, **query, **closed)

    again = get(path, {"If-None-Match": first.headers["ETag"]}, **query, **closed)

    assert (first.status_code, again.status_code) == (200, 304)
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    if query:
        assert again.headers["Tidemark-State"] == "live"
        assert "Tidemark-State-Reason" not in again.headers
        assert again.headers["Tidemark-Dead-Letters"].isdecimal()
        assert again.headers["Tidemark-Undelivered-Events"].isdecimal()
        assert again.headers["Tidemark-As-Of"] > first.headers["Tidemark-As-Of"]


def test_a_client_that_follows_the_links_gets_the_whole_history(get, tracked):
    answer = get("history", bucket=tracked.bucket, window=3600, limit=2, format="csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    while "next" in answer.links:
        following = requests.compat.urljoin(answer.url, answer.links["next"]["url"])
        answer = requests.get(following, auth=signed, timeout=60)
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        rows += csv.DictReader(io.StringIO(answer.text))

    assert [int(row["total_size"]) for row in rows] == [sample.total_size for sample in tracked.samples]


def test_the_prefixes_are_the_bucket(get, tracked):
    prefixes = get("prefixes", bucket=tracked.bucket).json()["prefixes"]
    size = get("size", bucket=tracked.bucket).json()

    assert {entry["prefix"]: entry["total_size"] for entry in prefixes} == {
        ".": 5,
        "odd #1 & ü/": 2,
        "photos/": 45,
        "videos/": 1000,
    }
    assert sum(entry["total_size"] for entry in prefixes) == size["total_size"] == sum(OBJECTS.values())
    assert sum(entry["object_cnt"] for entry in prefixes) == size["object_cnt"] == len(OBJECTS)


def test_the_counters_and_the_list_of_buckets_know_the_bucket(get, tracked, environment):
    count = get("count", bucket=tracked.bucket).json()
    listed = {entry["bucket"]: entry for entry in get("buckets").json()["buckets"]}

    assert count["present"] == len(OBJECTS)
    assert count["created"] + count["overwritten"] <= len(OBJECTS)  # the first may have been adopted
    assert listed[tracked.bucket]["total_size"] == sum(OBJECTS.values())
    assert listed[environment.data_bucket]["state"] == "live"


def test_every_sample_is_the_size_at_its_time(get, tracked):
    for sample in tracked.samples:
        at = get("size", bucket=tracked.bucket, at=to_text(sample.time)).json()

        assert (at["total_size"], at["since"]) == (sample.total_size, at["at"])


def test_pictures_arrive_as_pictures(get, tracked):
    png = get("plot", bucket=tracked.bucket, window=600)
    svg = get("plot", bucket=tracked.bucket, window=600, format="svg")

    assert Image.open(io.BytesIO(png.content)).size == (1200, 675)
    assert svg.headers["Content-Type"] == "image/svg+xml"
    assert tracked.bucket in svg.text


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("size?bucket=no-such-bucket", 404, "bucket-not-tracked"),
        ("size?at=2001-01-01T00:00:00Z", 404, "before-baseline"),
        ("size?at=9999-01-01T00:00:00Z", 400, "bad-at"),
        ("history?limit=1001", 400, "bad-limit"),
        ("history?cursor=abc", 400, "bad-cursor"),
        ("history?window=1&window=2", 400, "unknown-parameter"),
        ("plot?format=gif", 400, "bad-format"),
        ("buckets?bucket=photos", 400, "unknown-parameter"),
        ("health?verbose", 400, "unknown-parameter"),
    ],
)
def test_what_is_wrong_is_a_problem_with_a_type_of_its_own(get, path, status, kind):
    answer = get(path)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:tidemark:problem:{kind}"


@pytest.mark.parametrize("path", ["size", "size?at=yesterday", "health"])
def test_pages_of_the_apis_own_origin_may_read_an_answer_and_other_pages_may_not(get, own_origin, path):
    answers = {origin: get(path, {"Origin": origin}) for origin in (own_origin, "https://example.org")}

    allowed = {
        origin: answer.headers.get("Access-Control-Allow-Origin") for origin, answer in answers.items()
    }
    assert allowed == {own_origin: own_origin, "https://example.org": None}
    assert all("Origin" in answer.headers["Vary"] for answer in answers.values())


@pytest.mark.parametrize("path", ["plot", "history", "size", "count", "buckets", "prefixes", "health"])
def test_a_browser_may_ask_with_a_signature_and_a_condition(environment, own_origin, path):
    answer = requests.options(
        environment.api_url + path,
        headers={"Origin": own_origin, "Access-Control-Request-Method": "GET"},
        timeout=60,
    )

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == own_origin
    allowed = answer.headers["Access-Control-Allow-Headers"].split(",")
    assert {"Authorization", "If-None-Match", "X-Amz-Date"} <= set(allowed)
