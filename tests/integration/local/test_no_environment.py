"""What the commands say where nothing was started."""

import shutil
import subprocess

import pytest

from tests.integration.local.conftest import ROOT, run
from tidemark.local.state import Environment, ProcessRecord


def make(*arguments, cwd=ROOT, **changes):
    return run([shutil.which("make"), *arguments], cwd=cwd, **changes)


def test_env_without_an_environment_says_what_to_run(nowhere):
    done = make("-s", "env", f"STATE={nowhere.state.root}")

    assert done.returncode != 0
    assert done.stdout == ""
    ours = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert len(ours) == 1
    assert ours[0].endswith("run make local-up")


@pytest.mark.long
def test_e2e_without_an_environment_starts_one_and_prints_nothing_of_it_to_stdout(nowhere):
    started = ("--start", "--port", str(nowhere.port), "--mode", "embedded", "--")

    done = nowhere.run("env", *started, "sh", "-c", 'echo "$AWS_ENDPOINT_URL"; exit 7')
    again = nowhere.run("env", *started, "true")

    assert done.returncode == 7, done.stderr
    assert done.stdout == f"http://127.0.0.1:{nowhere.port}\n"
    assert "LocalStack answers" in done.stderr
    assert (again.returncode, again.stderr) == (0, "")


def test_local_down_without_an_environment_says_so_and_is_content(nowhere):
    done = make("-s", "local-down", f"STATE={nowhere.state.root}")

    assert done.returncode == 0
    assert "nothing is running" in done.stdout
    assert not nowhere.state.root.exists()


def test_the_record_of_a_pid_that_somebody_else_has_now_is_stale(nowhere):
    nowhere.state.create()
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        for name in ("dynamodb", "localstack"):
            nowhere.state.record(ProcessRecord(name, stranger.pid, started=1.0))
        nowhere.state.complete(Environment("http://127.0.0.1:1", {}))

        noticed = nowhere.run("env")
        cleared = nowhere.down()

        assert f"LocalStack (pid {stranger.pid}) is gone" in noticed.stderr
        assert cleared.returncode == 0
        assert stranger.poll() is None
        assert not nowhere.state.root.exists()
    finally:
        stranger.kill()
        stranger.wait()


def test_two_starts_at_once_do_not_get_in_each_others_way(nowhere):
    with nowhere.state.alone():
        done = nowhere.up()

    assert done.returncode == 1
    assert "another make local-up or local-down is at work" in done.stderr
