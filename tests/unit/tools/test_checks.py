import json

import pytest

from tidemark.checks import Check, Verdict, as_json, as_text, exit_code, failure, ok, warning

CHECKS = [ok("python", "3.13"), warning("docker", "none", "start one"), failure("port", "taken", "PORT=")]


def test_only_a_failure_makes_the_exit_code_1():
    assert exit_code(CHECKS) == 1
    assert exit_code(CHECKS[:2]) == 0
    assert exit_code([]) == 0


def test_the_fix_stands_below_what_is_not_well_and_the_last_line_counts():
    lines = as_text("doctor", CHECKS).splitlines()

    assert [line.split() for line in lines] == [
        ["ok", "python", "3.13"],
        ["warn", "docker", "none"],
        ["fix:", "start", "one"],
        ["fail", "port", "taken"],
        ["fix:", "PORT="],
        ["doctor:", "1", "to", "mend,", "1", "to", "know", "of"],
    ]
    assert as_text("doctor", CHECKS[:1]).endswith("doctor: all is well")


def test_json_says_the_same():
    report = json.loads(as_json(CHECKS))

    assert report["ok"] is False
    assert report["findings"][1] == {"about": "docker", "level": "warn", "text": "none", "fix": "start one"}


def test_what_is_not_well_cannot_go_without_a_fix():
    with pytest.raises(ValueError, match="port: what is not well needs a fix"):
        Check("port", Verdict.FAIL, "taken")
