"""With real processes, which is what this is about."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from tests.waiting import until
from tidemark.errors import CommandError
from tidemark.local import processes
from tidemark.local.processes import Program
from tidemark.local.state import ProcessRecord, StateDirectory

SLEEP = "import time; time.sleep(600)"
STUBBORN = (
    f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); {SLEEP}"
)
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); print('ready', flush=True); {SLEEP}"
LISTENER = "import socket; s = socket.create_server(('127.0.0.1', 0)); print('ready', flush=True); s.accept()"


@pytest.fixture
def state(tmp_path):
    state = StateDirectory.at(str(tmp_path / "state"))
    state.create()
    yield state
    for process in processes.find(state):
        process.kill()


def start(state, code, name="sleeper", *, ready=False):
    record = processes.start(Program(name, (sys.executable, "-c", code), {}), state)
    if ready:
        until(lambda: "ready" in state.log(name).read_text(), f"{name} is ready")
    return record


def test_a_started_process_is_recorded_and_alive(state):
    record = start(state, SLEEP)

    assert state.records() == [record]
    assert processes.is_alive(record)
    assert os.getsid(record.pid) == record.pid, "a terminal's Ctrl-C would reach it"


def test_stopping_ends_it_and_says_how_many(state):
    record = start(state, SLEEP)

    assert processes.stop_all(state) == 1
    assert not processes.is_alive(record)


def test_a_process_that_got_a_recorded_pid_is_not_taken_for_ours(state):
    stranger = subprocess.Popen([sys.executable, "-c", SLEEP])
    try:
        started = psutil.Process(stranger.pid).create_time()
        state.record(ProcessRecord("localstack", stranger.pid, started - 3600))

        assert processes.stop_all(state) == 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_record_of_a_process_that_is_gone_is_not_alive(state):
    record = start(state, "pass")
    psutil.wait_procs([psutil.Process(record.pid)], timeout=30)

    assert not processes.is_alive(record)


def test_what_a_process_started_goes_with_it(state):
    start(state, PARENT, ready=True)

    assert processes.stop_all(state) == 2
    assert processes.find(state) == []


def test_a_child_that_shed_its_environment_goes_too(state):
    record = start(state, PARENT.replace("])", "], env={})"), ready=True)
    (child,) = psutil.Process(record.pid).children()

    assert processes.stop_all(state) == 2
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_an_address_that_closes_a_moment_after_its_process_is_waited_for(state, monkeypatch):
    record = start(state, SLEEP)
    answers = iter([True, True, False])
    monkeypatch.setattr(processes, "listeners", lambda _: ["127.0.0.1:9"])
    monkeypatch.setattr(processes, "_answers", lambda _: next(answers))

    assert processes.stop_all(state) == 1
    assert not processes.is_alive(record)


def test_an_address_that_stays_open_is_named(state, monkeypatch):
    monkeypatch.setattr(processes, "_KILL_SECONDS", 0.3)
    start(state, SLEEP)
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        patch.setattr(processes, "listeners", lambda _: [address])

        with pytest.raises(CommandError, match=f"still open: {address}"):
            processes.stop_all(state)


def test_what_a_killed_process_left_behind_is_found_without_a_record(state):
    record = start(state, PARENT, ready=True)
    os.kill(record.pid, signal.SIGKILL)
    os.waitpid(record.pid, 0)
    (state.root / "sleeper.pid").unlink()

    assert len(processes.find(state)) == 1
    assert processes.stop_all(state) == 1
    assert processes.find(state) == []


def test_a_process_that_does_not_listen_to_reason_is_killed(state, monkeypatch):
    monkeypatch.setattr(processes, "_GRACE_SECONDS", 0.3)
    said = []
    record = start(state, STUBBORN, ready=True)

    assert processes.stop_all(state, said.append) == 1
    assert not processes.is_alive(record)
    assert f"(pid {record.pid})" in said[0]


def test_another_environment_is_left_alone(state, tmp_path):
    other = StateDirectory.at(str(tmp_path / "other"))
    other.create()
    record = start(other, SLEEP)
    try:
        assert processes.stop_all(state) == 0
        assert processes.is_alive(record)
    finally:
        processes.stop_all(other)


def test_a_clock_that_was_adjusted_a_little_does_not_make_it_a_stranger(state):
    record = start(state, SLEEP)

    assert processes.is_alive(replace(record, started=record.started + 1))


def test_listeners_are_seen(state):
    record = start(state, LISTENER, ready=True)

    (address,) = processes.listeners([psutil.Process(record.pid)])

    assert address.startswith("127.0.0.1:")
