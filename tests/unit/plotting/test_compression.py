"""What is compressed, for whom, and what is left as it is."""

import gzip

import pytest

from plotting.compression import SMALLEST, compressed
from plotting.gateway import Response, json_response, not_modified

LONG = json_response({"points": ["2026-11-20T08:15:30.250000Z"] * 200}, {"ETag": 'W/"1"'})
GZIP = {"accept-encoding": "gzip, deflate"}


def test_a_long_answer_comes_as_gzip_to_whoever_takes_it():
    sent = compressed(LONG, GZIP)

    assert sent.headers == {"ETag": 'W/"1"', "Vary": "Accept-Encoding", "Content-Encoding": "gzip"}
    assert gzip.decompress(sent.body).decode() == LONG.body
    assert len(sent.body) < len(LONG.body) / 5
    assert sent.body == compressed(LONG, GZIP).body
    assert sent.to_answer()["isBase64Encoded"]


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "br"])
def test_to_anybody_else_it_comes_as_it_is_and_says_that_this_may_vary(accepted):
    sent = compressed(LONG, {"accept-encoding": accepted})

    assert (sent.body, sent.headers["Vary"]) == (LONG.body, "Accept-Encoding")
    assert "Content-Encoding" not in sent.headers


LEFT = {
    "short": Response(200, "application/json", "x" * (SMALLEST - 1)),
    "a picture": Response(200, "image/png", b"x" * 10_000),
    "compressed before": Response(200, "text/html", b"x" * 10_000, {"Content-Encoding": "gzip"}),
    "a 304": not_modified({"ETag": "1"}),
}


@pytest.mark.parametrize("response", LEFT.values(), ids=LEFT)
def test_what_would_not_gain_is_left_as_it_is(response):
    assert compressed(response, GZIP) == response
