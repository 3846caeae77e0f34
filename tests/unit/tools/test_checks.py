import json

import pytest

from tidemark.doctor.findings import Finding, Level, as_json, as_text, exit_code, fault, warning, well

FINDINGS = [well("python", "3.13"), warning("docker", "none", "start one"), fault("port", "taken", "PORT=")]


def test_only_a_fault_makes_the_exit_code_1():
    assert exit_code(FINDINGS) == 1
    assert exit_code(FINDINGS[:2]) == 0
    assert exit_code([]) == 0


def test_the_fix_stands_below_what_is_not_well_and_the_last_line_counts():
    lines = as_text(FINDINGS).splitlines()

    assert [line.split() for line in lines] == [
        ["ok", "python", "3.13"],
        ["warn", "docker", "none"],
        ["fix:", "start", "one"],
        ["fail", "port", "taken"],
        ["fix:", "PORT="],
        ["doctor:", "1", "to", "mend,", "1", "to", "know", "of"],
    ]
    assert as_text(FINDINGS[:1]).endswith("doctor: all is well")


def test_json_says_the_same():
    report = json.loads(as_json(FINDINGS))

    assert report["ok"] is False
    assert report["findings"][1] == {"about": "docker", "level": "warn", "text": "none", "fix": "start one"}


def test_what_is_not_well_cannot_go_without_a_fix():
    with pytest.raises(ValueError, match="port: what is not well needs a fix"):
        Finding("port", Level.FAIL, "taken")
