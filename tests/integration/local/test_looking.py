"""`make invoke` and `make logs` on an environment that is up."""

import json
import os
import subprocess

import pytest

from tests.integration.local.conftest import ROOT, environ, run
from tests.waiting import until
from tidemark.loop.invoke import SAMPLES

pytestmark = pytest.mark.long

EVENTS = sorted(SAMPLES.glob("*.json"))
SERVICES = ("size-tracking", "plotting", "driver")
SECONDS = 120


def service_of(event):
    return max((service for service in SERVICES if event.stem.startswith(service)), key=len)


def request_of(invoked):
    return invoked.stderr.split("RequestId: ")[1].split()[0]


def logs_until(shared, wanted, *arguments):
    """Return the lines of `make logs` once one of them holds a text: what a call logs arrives after its answer."""

    def lines():
        printed = shared.run("logs", *arguments).stdout.splitlines()
        return printed if any(wanted in line for line in printed) else None

    return until(lines, f"a record with {wanted}")


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.stem)
def test_every_sample_event_is_one_that_its_function_answers(shared, event):
    done = shared.run("invoke", "--function", service_of(event), "--event", str(event))

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    if "malformed" in event.stem:
        assert len(result["batchItemFailures"]) == 1
    elif "size-tracking" in event.stem:
        assert result == {"batchItemFailures": []}
    else:
        assert result.get("statusCode", result.get("plot", {}).get("status")) == 200


def test_every_service_has_a_sample_of_its_own_name():
    assert {service for service in SERVICES if (SAMPLES / f"{service}.json").exists()} == set(SERVICES)


def test_a_function_that_fails_is_shown_with_its_log_and_an_exit_code(shared):
    done = run(shared.command("invoke", "--function", "size_tracking", "--event", "-"), stdin="{}")

    assert done.returncode == 1
    assert json.loads(done.stdout)["errorType"] == "TypeError"
    assert "START RequestId: " in done.stderr
    assert "size-tracking failed after " in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("function", "event", "complaint"),
    [
        ("tracker", "", "FN=tracker is no function: it is one of size-tracking, plotting, driver"),
        ("driver", "/nonexistent.json", "cannot read it: No such file"),
        ("driver", "README.md", "is no JSON"),
    ],
)
def test_what_cannot_be_invoked_is_refused_in_one_line(shared, function, event, complaint):
    done = shared.run("invoke", "--function", function, "--event", event)

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert complaint in done.stderr


def test_logs_merge_all_functions_by_time_in_one_line_each(shared):
    tracking = shared.run("invoke", "--function", "size-tracking")
    plotting = shared.run("invoke", "--function", "plotting")
    assert plotting.returncode == 0

    logs_until(shared, f"REPORT {request_of(tracking)[:8]}")
    lines = logs_until(shared, f"REPORT {request_of(plotting)[:8]}")

    assert [line[:12] for line in lines] == sorted(line[:12] for line in lines)
    assert {line.split()[1] for line in lines} >= {"size-tracking", "plotting"}
    assert not any("\x1b" in line for line in lines)


def test_logs_of_one_request_hold_nothing_else(shared):
    request = request_of(shared.run("invoke", "--function", "plotting"))
    shared.run("invoke", "--function", "size-tracking")

    lines = logs_until(shared, "REPORT", "--request", request)

    assert len(lines) >= 2
    assert all(f" {request[:8]} " in line for line in lines)


def test_logs_of_one_function_hold_no_other(shared):
    shared.run("invoke", "--function", "plotting")
    shared.run("invoke", "--function", "size-tracking")

    lines = logs_until(shared, "REPORT", "--function", "plotting")

    assert {line.split()[1] for line in lines} == {"plotting"}


def test_following_shows_what_is_logged_afterwards_once(shared, tmp_path):
    log = tmp_path / "followed.txt"
    command = [*shared.command("logs"), "--follow", "--since", "0"]
    env = environ(PYTHONUNBUFFERED="1")
    with log.open("w") as out, subprocess.Popen(command, cwd=ROOT, env=env, stdout=out) as following:
        try:
            first, second = (follow_call(shared, log) for _ in range(2))
        finally:
            following.terminate()

    assert first != second
    assert log.read_text().count(first) == 1
    assert following.wait(SECONDS) == 128 + 15


def follow_call(shared, log):
    """Invoke plotting, wait until the end of the call is followed, and return the start of that line."""
    report = f"REPORT {request_of(shared.run('invoke', '--function', 'plotting'))[:8]}"
    until(lambda: report in log.read_text(), f"{report} is followed", seconds=SECONDS)
    return report


def test_a_terminal_sees_colours_and_no_terminal_none(shared):
    shared.run("invoke", "--function", "plotting")
    logs_until(shared, "REPORT", "--function", "plotting")
    terminal, end = os.openpty()
    env = {**environ(), "TERM": "xterm"}
    env.pop("NO_COLOR", None)
    with subprocess.Popen(shared.command("logs"), cwd=ROOT, env=env, stdout=end) as shown:
        os.close(end)
        try:
            text = os.read(terminal, 2000)
        finally:
            shown.kill()
            os.close(terminal)

    assert b"\x1b[35mplotting" in text or b"\x1b[36msize-tracking" in text
