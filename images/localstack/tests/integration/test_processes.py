"""LocalStack and its functions stay off the network and leave nothing behind."""

import json
import signal
import sys

import psutil
import pytest

from harness import Functions, LocalStack, until

# test_containers.py makes the same claims for containers.
pytestmark = pytest.mark.parametrize("executor_kind", ["process"], indirect=True, scope="session")

FAMILY = """
    import os, subprocess, sys, time

    def handler(event, context):
        sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
        children = [subprocess.Popen(sleeper), subprocess.Popen(sleeper, start_new_session=True)]
        return [os.getpid(), *(child.pid for child in children)]
"""


@pytest.fixture(autouse=True)
def of_this_kind(executor_kind):
    """Make every test here depend on the kind, also those that start their own LocalStack."""


@pytest.fixture
def another(executor_kind, tmp_path):
    """A LocalStack of the test's own, and functions in it."""
    image_map = tmp_path / "functions.json"
    running = LocalStack(tmp_path, LAMBDA_RUNTIME_EXECUTOR=executor_kind, IMAGE_LAMBDA_MAP=str(image_map))
    functions = Functions(running, tmp_path / "functions", image_map)
    yield running, functions
    running.stop(signal.SIGKILL)


def listening(processes):
    """Return the addresses that processes listen on."""
    addresses = set()
    for process in processes:
        for connection in process.net_connections(kind="inet"):
            if connection.status == psutil.CONN_LISTEN or (connection.type == 2 and not connection.raddr):
                addresses.add(connection.laddr.ip)
    return addresses


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_survives_localstack(another, number):
    running, functions = another
    function = functions.create(functions.image(FAMILY), Timeout=30)
    pids = functions.invoke(function).payload
    everything = running.processes()
    assert set(pids) <= {process.pid for process in everything}
    assert listening(everything) == {"127.0.0.1"}

    code = running.stop(number)

    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    until(lambda: not [process for process in everything if process.is_running()])
    until(lambda: not list((running.home / "state" / "tmp").rglob("function-*")))


def test_it_can_be_stopped_while_it_starts(tmp_path):
    starting = LocalStack(tmp_path, wait=False)
    until((tmp_path / "state" / "data").exists)  # now it handles signals, but its server does not run yet

    assert starting.stop(signal.SIGTERM) == 0


def test_every_listener_is_on_loopback(localstack, functions, function):
    functions.invoke(function)

    assert listening(localstack.processes()) == {"127.0.0.1"}


def test_no_connection_leaves_the_machine(localstack, functions, function):
    functions.invoke(function)

    remote = {
        connection.raddr.ip
        for process in localstack.processes()
        for connection in process.net_connections(kind="inet")
        if connection.raddr
    }
    assert remote <= {"127.0.0.1"}


def test_all_files_are_below_one_directory(localstack):
    opened = {
        file.path
        for process in localstack.processes()
        for file in process.open_files()
        if file.mode != "r"
    }  # fmt: skip

    assert {path for path in opened if not path.startswith(str(localstack.home))} == set()
    assert not list((localstack.home / "home").rglob("*"))


def test_two_instances_do_not_meet(other_functions, functions, function):
    name = other_functions.create(other_functions.image("def handler(event, context): return 'other'"))

    assert other_functions.invoke(name).payload == "other"
    assert name not in json.dumps(functions.client.list_functions()["Functions"])
    assert functions.invoke(function).error is None


def test_the_warden_says_what_it_runs(localstack, functions, function):
    pid = functions.invoke(function).payload["pid"]

    command = psutil.Process(psutil.Process(pid).ppid()).cmdline()

    assert command[-4:] == [sys.executable, "-m", "awslambdaric", "app.handler"]
    assert command[3].endswith("warden.py")
