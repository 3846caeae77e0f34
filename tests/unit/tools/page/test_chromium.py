"""Which browser the browser tests drive, and that there being none is said."""

import pytest

from tests.browser.chromium import NoChromiumError, find


def program(directory, name):
    path = directory / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_the_one_that_is_named_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path, "chromium")
    named = program(tmp_path, "mine")

    assert find({"CHROMIUM": named}) == named


def test_a_named_one_that_does_not_exist_is_not_replaced_by_another(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path, "chromium")

    with pytest.raises(NoChromiumError, match="CHROMIUM=/nowhere"):
        find({"CHROMIUM": "/nowhere"})


def test_debians_name_comes_before_others(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path, "google-chrome")
    debians = program(tmp_path, "chromium")

    assert find({}) == debians


def test_without_any_the_tests_have_not_run_and_the_fix_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NoChromiumError, match=r"no browser test has run.*chromium.*with apt-get install"):
        find({})
