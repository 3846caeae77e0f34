"""ETags: the same for the same answer, and recognised however a client sends them back."""

import pytest

from plotting.caching import etag, is_known

TAG = etag("/size", 1)


def test_an_etag_is_weak_and_depends_on_every_value():
    assert TAG.startswith('W/"')
    assert etag("/size", 1) == TAG
    assert len({TAG, etag("/size", 2), etag("/count", 1), etag("/size", "1")}) == 4


@pytest.mark.parametrize("known", [TAG, TAG.removeprefix("W/"), f'"a", {TAG}, "b"', f'"a",{TAG}', "*", " * "])
def test_an_answer_that_the_client_has_is_known(known):
    assert is_known({"if-none-match": known}, TAG)


@pytest.mark.parametrize("known", ["", '"a"', TAG[:-2], "**", f'"{TAG}"'])
def test_any_other_is_not(known):
    assert not is_known({"if-none-match": known}, TAG)


def test_a_request_that_says_nothing_has_nothing():
    assert not is_known({}, TAG)
