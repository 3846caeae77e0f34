"""The page's one file: what it weighs, whose code may run in it, and how it travels."""

import base64
import gzip
import re

import pytest

from plotting.gateway import Request
from plotting.page import accepts_gzip, packed, policy_of
from plotting.page_routes import get_page

MOST_BYTES = 100_000


def answer_of_page(headers):
    lowered = {name.lower(): value for name, value in headers.items()}
    return get_page(None, Request("GET", "/", headers=lowered), 0).to_answer()


def test_the_page_is_at_most_100_kb_even_uncompressed():
    assert len(packed().text.encode()) <= MOST_BYTES


def test_the_page_needs_no_other_host():
    style = re.search(r"<style>(.*?)</style>", packed().text, re.DOTALL).group(1)
    markup = re.sub(r"<(script|style)\b.*?</\1>", "", packed().text, flags=re.DOTALL)
    addresses = re.findall(r"""\b(?:src|href)=["']?(\w+:\w+/?\w*)""", markup)

    assert addresses == ["data:image/svg"]
    assert "url(" not in style
    assert "@import" not in style


def test_the_licence_of_what_is_packed_in_travels_with_it():
    text = packed().text

    assert "The MIT License (MIT)" in text
    assert "Leon Sorokin" in text


def test_only_what_stands_in_the_page_may_run():
    policy = packed().policy

    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert policy.count("'sha256-") == 2
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_another_script_has_another_hash():
    one, other = policy_of("<script>1</script>"), policy_of("<script>2</script>")

    assert one != other
    assert "style-src 'none'" in one


def test_nothing_in_the_page_needs_more_than_the_policy_allows():
    without_code = re.sub(r"<(script|style)\b.*?</\1>", "", packed().text, flags=re.DOTALL)

    assert not re.search(r"\son\w+=|\sstyle=|javascript:", without_code)


def test_who_takes_gzip_gets_the_same_page_compressed():
    plain, small = answer_of_page({}), answer_of_page({"Accept-Encoding": "gzip, br"})

    assert "Content-Encoding" not in plain["headers"]
    assert small["headers"]["Content-Encoding"] == "gzip"
    assert small["isBase64Encoded"]
    assert gzip.decompress(base64.b64decode(small["body"])).decode() == plain["body"]
    assert plain["headers"]["Vary"] == small["headers"]["Vary"] == "Accept-Encoding"
    assert len(base64.b64decode(small["body"])) < MOST_BYTES // 2


def test_who_has_the_page_gets_a_304_with_its_policy():
    first = answer_of_page({})
    again = answer_of_page({"If-None-Match": first["headers"]["ETag"], "Accept-Encoding": "gzip"})

    assert again["statusCode"] == 304
    assert again["body"] == ""
    assert again["headers"]["Content-Security-Policy"] == first["headers"]["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("accepted", "takes_it"),
    [
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("*", True),
        ("GZIP", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip;q=nonsense", False),
    ],
)
def test_gzip_is_sent_only_to_whom_admits_it(accepted, takes_it):
    assert accepts_gzip(accepted) == takes_it
