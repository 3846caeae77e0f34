"""The routes that read no table: the page's size, whose code may run in it, how it travels; and the contract."""

import base64
import gzip
import re

import yaml

from plotting.gateway import Request
from plotting.page import packed, policy_of
from plotting.page_routes import get_contract, get_page

MAX_BYTES = 60_000
"""Over the wire."""


def answer_of(get, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return get(None, Request("GET", "/", headers=headers), 0).to_answer()


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


def test_only_the_code_inside_the_page_may_run():
    policy = packed().policy

    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert policy.count("'sha256-") == 3
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_check_for_an_old_browser_comes_before_the_page_and_is_understood_by_any():
    old, page = re.findall(r"<script(?: type=\"module\")?>(.*?)</script>", packed().text, re.DOTALL)

    assert "too old" in old
    assert len(old) < 2000 < len(page)
    assert not re.search(r"=>|`|\b(?:const|let|class)\b|\?\.|\?\?", old)


def test_another_script_has_another_hash():
    one, other = policy_of("<script>1</script>"), policy_of("<script>2</script>")

    assert one != other
    assert "style-src 'none'" in one


def test_nothing_in_the_page_needs_more_than_the_policy_allows():
    without_code = re.sub(r"<(script|style)\b.*?</\1>", "", packed().text, flags=re.DOTALL)

    assert not re.search(r"\son\w+=|\sstyle=|javascript:", without_code)


def test_a_caller_that_accepts_gzip_gets_the_same_page_compressed():
    plain, small = answer_of(get_page), answer_of(get_page, accept_encoding="gzip, br")

    assert "Content-Encoding" not in plain["headers"]
    assert small["headers"]["Content-Encoding"] == "gzip"
    assert small["isBase64Encoded"]
    assert gzip.decompress(base64.b64decode(small["body"])).decode() == plain["body"]
    assert plain["headers"]["Vary"] == small["headers"]["Vary"] == "Accept-Encoding"
    assert len(base64.b64decode(small["body"])) <= MAX_BYTES


def test_a_caller_that_has_the_page_or_the_contract_gets_a_304_with_the_same_headers():
    for get in (get_page, get_contract):
        first = answer_of(get)
        again = answer_of(get, if_none_match=first["headers"]["ETag"])

        assert (again["statusCode"], again["body"]) == (304, "")
        assert again["headers"] == {
            name: value for name, value in first["headers"].items() if name != "Content-Type"
        }


def test_the_contract_is_served_as_yaml():
    answer = answer_of(get_contract)

    assert answer["headers"]["Content-Type"] == "application/yaml"
    assert yaml.safe_load(answer["body"])["openapi"] == "3.1.0"
