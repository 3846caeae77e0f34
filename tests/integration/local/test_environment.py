"""A whole environment, in the order of its life: up, looked at, half killed, repaired, down."""

import os
import re
import signal
import socket
import subprocess

import boto3
import psutil

from tests.integration.local.conftest import ROOT, environ, tree
from tests.waiting import until


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def files_of(local):
    return {path: path.read_bytes() for path in local.state.root.iterdir() if path.is_file()}


def test_a_second_local_up_changes_nothing_and_says_so(local):
    files = files_of(local)

    again = local.up()

    assert again.returncode == 0, again.stderr
    assert "is up already, nothing was changed" in again.stdout
    assert files_of(local) == files


def test_status_shows_a_healthy_environment_on_one_screen(local):
    shown = local.run("status")

    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "ok    history       0 bytes in 0 objects" in shown.stdout
    assert "ok    tracked       1 bucket, live" in shown.stdout
    assert re.search(r"ok    permissions   \d+ used by \d+ roles?, none refused \(IAM=roles\)", shown.stdout)
    assert shown.stdout.endswith("status: all is well\n")
    assert len(shown.stdout.splitlines()) < 25


def test_a_shell_that_evaluates_the_variables_reaches_the_data_bucket(local):
    lines = local.run("env").stdout
    script = f'{lines}printf "%s\\n" "$AWS_ENDPOINT_URL" "$TIDEMARK_DATA_BUCKET"'

    endpoint, bucket = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True
    ).stdout.splitlines()

    session = boto3.Session("test", "test", region_name="us-east-1")
    session.client("s3", endpoint_url=endpoint).head_bucket(Bucket=bucket)
    assert endpoint == f"http://127.0.0.1:{local.port}"


def test_a_command_runs_with_the_variables_and_its_exit_code_is_kept(local):
    done = local.run("env", "--", "sh", "-c", 'test -n "$TIDEMARK_API_URL" && exit 7')

    assert done.returncode == 7


def test_every_listener_of_every_process_is_on_loopback(local):
    session = boto3.Session("test", "test", region_name="us-east-1")
    driver = local.state.environment().variables["TIDEMARK_DRIVER_FUNCTION"]
    functions = session.client("lambda", endpoint_url=f"http://127.0.0.1:{local.port}")
    functions.invoke(FunctionName=driver, Payload=b"{}")  # so that every function has processes and listeners

    processes = tree(local)
    addresses = {
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections("inet")
        if connection.status in {psutil.CONN_LISTEN, psutil.CONN_NONE}  # TCP, and UDP, which has no states
    }

    assert len(processes) > 4, "LocalStack, the engine, and the functions with their wardens"
    assert addresses == {"127.0.0.1"}


def test_a_port_that_another_environment_holds_is_refused_by_name(local, nowhere):
    refused = nowhere.run("local-up", "--port", str(local.port))

    assert refused.returncode == 1
    last = refused.stderr.splitlines()[-1]
    assert last.startswith(f"local-up: port {local.port} is taken by python -m localstack_image_lambda (pid ")
    assert "PORT=" in last
    assert not nowhere.state.root.exists()


def test_another_port_for_an_environment_that_is_up_is_refused(local):
    refused = local.run("local-up", "--port", str(local.port + 1))

    assert refused.returncode == 1
    assert f"it is up at http://127.0.0.1:{local.port} already" in refused.stderr


def test_other_permissions_than_those_that_are_checked_are_refused(local):
    done = local.run("local-up", "--iam", "off")

    assert done.returncode == 1
    assert done.stderr.strip().endswith(
        "IAM=off: it is up with another value already: run make local-down first"
    )


def test_local_up_repairs_an_environment_of_which_a_process_was_killed(local):
    engine, localstack = local.record("dynamodb"), local.record("localstack")
    os.kill(engine.pid, signal.SIGKILL)
    until(lambda: not answers_to(engine.pid), "the engine is dead")

    noticed = local.run("env")
    repaired = local.up()

    assert f"the DynamoDB engine (pid {engine.pid}) is gone" in noticed.stderr
    assert repaired.returncode == 0, repaired.stderr
    assert f"half-started environment: the DynamoDB engine (pid {engine.pid}) is gone" in repaired.stderr
    assert local.record("localstack").pid != localstack.pid
    assert local.run("status").returncode == 0


def answers_to(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_local_down_leaves_no_process_no_port_and_no_file(local):
    processes = tree(local)
    ports = {
        c.laddr.port for p in processes for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN
    }

    stopped = local.down()

    assert stopped.returncode == 0, stopped.stderr
    assert running(processes) == []
    assert [port for port in ports if answers(port)] == []
    assert not local.state.root.exists()
    assert "nothing is running" in local.down().stdout


def start_up(local):
    """Start local-up and return it once both of its processes are recorded, long before it is ready."""
    command = local.command("local-up", "--port", str(local.port))
    starting = subprocess.Popen(command, cwd=ROOT, env=environ(), stderr=subprocess.PIPE, text=True)
    until(lambda: len(local.state.records()) == 2, "both processes are recorded")
    return starting


def running(processes):
    return [process for process in processes if process.is_running() and process.status() != "zombie"]


def test_ctrl_c_in_the_middle_leaves_nothing_behind(nowhere):
    starting = start_up(nowhere)
    processes = tree(nowhere)

    starting.send_signal(signal.SIGINT)
    _, errors = starting.communicate(timeout=60)

    assert starting.returncode == 130
    assert errors.endswith("local-up: stopped by SIGINT\n")
    assert running(processes) == []
    assert not nowhere.state.root.exists()


def test_a_process_that_ends_too_early_shows_the_end_of_its_log(nowhere):
    starting = start_up(nowhere)
    processes = tree(nowhere)

    os.kill(nowhere.record("localstack").pid, signal.SIGKILL)
    _, errors = starting.communicate(timeout=60)

    assert starting.returncode == 1
    assert "localstack.log:\n" in errors
    assert errors.endswith("local-up: LocalStack ended while it was starting\n")
    assert running(processes) == []
    assert nowhere.state.log("localstack").exists()
    assert nowhere.state.is_empty()


def test_a_start_that_was_killed_is_recognised_and_cleared_away(nowhere):
    starting = start_up(nowhere)
    starting.kill()
    starting.communicate()
    processes = tree(nowhere)

    noticed = nowhere.run("status")
    cleared = nowhere.down()

    assert "its start was never finished" in noticed.stderr
    assert cleared.returncode == 0
    assert running(processes) == []
    assert not nowhere.state.root.exists()
