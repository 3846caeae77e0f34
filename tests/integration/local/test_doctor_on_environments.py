"""Faults of an environment, staged for real, each named by `make doctor` with its fix."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from size_history.items import bucket_key
from size_history.sources import Hearing, Source
from tests.integration.local.conftest import ROOT, environ
from tests.integration.local.examined import assert_found, doctor
from tidemark.aws.emulator import client
from tidemark.local.deployment.templates import fingerprint
from tidemark.local.processes import MARK
from tidemark.local.state import ProcessRecord

pytestmark = pytest.mark.long


def test_a_state_that_a_reboot_has_left_is_named(nowhere):
    nowhere.state.create()
    nowhere.state.record(ProcessRecord("localstack", 2**22 + 1, 1.0))

    found, code = doctor("--state", str(nowhere.state.root))

    assert code == 1
    assert_found(found["state"], "fail", f"LocalStack (pid {2**22 + 1}) is gone", "make local-up")


def test_a_shell_that_leads_elsewhere_is_warned_of(shared):
    found, code = doctor("--state", str(shared.state.root), AWS_ENDPOINT_URL="http://127.0.0.1:1")

    assert code == 0
    assert_found(
        found["shell"], "warn", "leads its AWS tools to another environment", 'eval "$(make -s env)"'
    )


def test_an_environment_that_is_well_has_no_fault(shared):
    found, code = doctor("--state", str(shared.state.root))

    assert code == 0
    assert {about for about, finding in found.items() if finding["level"] != "ok"} <= {"docker", "disk"}
    assert found["loopback"]["level"] == "ok"


def test_a_listener_that_others_could_reach_is_named(shared):
    script = "import socket, time; s = socket.create_server(('0.0.0.0', 0)); print(s.getsockname()[1], flush=True); time.sleep(99)"
    mark = {MARK: str(shared.state.root)}
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, env=environ(**mark), stdout=subprocess.PIPE, text=True) as listener:
        try:
            port = listener.stdout.readline().strip()
            found, code = doctor("--state", str(shared.state.root))
        finally:
            listener.kill()

    assert code == 1
    assert_found(found["loopback"], "fail", f"0.0.0.0:{port}", "make local-down")


def test_an_emulator_that_hangs_is_named(shared):
    pid = shared.record("localstack").pid
    os.kill(pid, signal.SIGSTOP)
    try:
        found, code = doctor("--state", str(shared.state.root))
    finally:
        os.kill(pid, signal.SIGCONT)

    assert code == 1
    assert_found(
        found["endpoint"], "fail", f"no LocalStack answers at http://127.0.0.1:{shared.port}", "local-up"
    )


def test_stacks_that_were_made_of_other_sources_are_named(shared, clone):
    state = ("--state", str(shared.state.root))
    remembered = ROOT / ".local" / "templates" / f"{fingerprint(ROOT)}.json"
    (clone / ".local" / "templates").mkdir(parents=True)
    shutil.copy(remembered, clone / ".local" / "templates" / f"{fingerprint(clone)}.json")

    before, _ = doctor(*state, root=clone)
    settings = clone / "infra_cdk" / "settings.py"
    settings.write_text(settings.read_text() + "\n# changed\n")
    found, _ = doctor(*state, root=clone)

    assert before["deployment"]["level"] == "ok"
    assert_found(found["deployment"], "warn", "infra_cdk has changed", "make local-down local-up")


def test_messages_in_the_dead_letter_queue_are_named(shared):
    environment = shared.state.environment()
    sqs = client("sqs", environment.endpoint)
    url = environment.variables["TIDEMARK_DLQ_URL"]
    sqs.send_message(QueueUrl=url, MessageBody="nobody can read this")
    try:
        found, code = doctor("--state", str(shared.state.root))
    finally:
        sqs.purge_queue(QueueUrl=url)

    assert code == 1
    assert_found(found["dead letters"], "fail", "1 messages in", "make redrive")


@pytest.fixture
def unheard(shared):
    """Let a bucket be tracked that does not exist, and yield its name."""
    name, environment = "nobody-hears-it", shared.state.environment()
    tables = client("dynamodb", environment.endpoint)
    ledger = environment.variables["TIDEMARK_LEDGER_TABLE"]
    row = Source(since=1, hearing=Hearing.GONE, reason="the bucket does not exist")
    tables.put_item(TableName=ledger, Item=row.to_item(name))
    yield name
    tables.delete_item(TableName=ledger, Key=bucket_key(name))


def test_a_tracked_bucket_that_is_not_heard_fails_doctor_and_status_and_not_local_up(shared, unheard):
    found, code = doctor("--state", str(shared.state.root))
    status, again = shared.run("status"), shared.up()

    assert code == 1
    line = f"{unheard} is gone since 1970-01-01T00:00:00Z: the bucket does not exist"
    assert_found(found["tracked"], "fail", line, f"make untrack TARGET=local BUCKET={unheard}")
    assert status.returncode == 1
    assert f"fail  tracked       {line}\n" in status.stdout
    assert again.returncode == 0, again.stderr
