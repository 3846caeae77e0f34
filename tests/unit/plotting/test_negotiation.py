"""ETags, and what is compressed for whom."""

import gzip

import pytest

from plotting.gateway import Response, json_response, not_modified
from plotting.negotiation import MIN_COMPRESSED_BYTES, accepts_gzip, compressed, etag, is_known

TAG = etag("/size", 1)
LONG = json_response({"points": ["2026-11-20T08:15:30.250000Z"] * 200}, {"ETag": 'W/"1"'})
GZIP = {"accept-encoding": "gzip, deflate"}


def test_an_etag_is_weak_and_depends_on_every_value():
    assert TAG.startswith('W/"')
    assert etag("/size", 1) == TAG
    assert len({TAG, etag("/size", 2), etag("/count", 1), etag("/size", "1")}) == 4


@pytest.mark.parametrize("known", [TAG, TAG.removeprefix("W/"), f'"a", {TAG}, "b"', f'"a",{TAG}', "*", " * "])
def test_an_answer_that_the_client_has_is_known(known):
    assert is_known({"if-none-match": known}, TAG)


@pytest.mark.parametrize(
    "headers", [{}, *({"if-none-match": known} for known in ("", '"a"', TAG[:-2], "**", f'"{TAG}"'))]
)
def test_any_other_answer_is_not_known(headers):
    assert not is_known(headers, TAG)


def test_a_long_answer_is_compressed_for_a_caller_that_accepts_gzip():
    sent = compressed(LONG, GZIP)

    assert sent.headers == {"ETag": 'W/"1"', "Content-Encoding": "gzip"}
    assert gzip.decompress(sent.body).decode() == LONG.body
    assert len(sent.body) < len(LONG.body) / 5
    assert sent.body == compressed(LONG, GZIP).body
    assert sent.to_answer()["isBase64Encoded"]


LEFT = {
    "short": Response(200, "application/json", "x" * (MIN_COMPRESSED_BYTES - 1)),
    "a picture": Response(200, "image/png", b"x" * 10_000),
    "compressed before": Response(200, "text/html", b"x" * 10_000, {"Content-Encoding": "gzip"}),
    "a 304": not_modified({"ETag": "1"}),
}


@pytest.mark.parametrize("response", LEFT.values(), ids=LEFT)
def test_an_answer_that_would_not_gain_is_left_as_it_is(response):
    assert compressed(response, GZIP) == response


ACCEPTED = {
    "gzip": True,
    "deflate, gzip;q=0.5": True,
    "*": True,
    "GZIP": True,
    "": False,
    "br": False,
    "identity": False,
    "gzip;q=0": False,
    "gzip;q=0, *": False,
    "gzip;q=nonsense": False,
}


@pytest.mark.parametrize(("accepted", "accepts"), ACCEPTED.items())
def test_gzip_is_sent_only_to_a_caller_that_accepts_it(accepted, accepts):
    headers = {"accept-encoding": accepted}

    assert accepts_gzip(headers) == accepts
    assert (compressed(LONG, headers) != LONG) == accepts


@pytest.mark.parametrize("response", [LONG, *LEFT.values()], ids=["long", *LEFT])
def test_every_answer_varies_with_what_the_caller_accepts_and_is_taken_for_what_it_says(response):
    headers = compressed(response, {}).to_answer()["headers"]

    assert headers["Vary"] == "Accept-Encoding"
    assert headers["X-Content-Type-Options"] == "nosniff"
