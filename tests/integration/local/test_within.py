import re
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import psutil

from tests.integration.local.conftest import ROOT, environ, run
from tidemark.local.processes import MARK

WITHIN = [sys.executable, "-m", "tidemark.cli", "within", "--"]


def processes_below(directory):
    """Return every process of an environment whose state is below a directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK, "").startswith(str(directory)) and process.status() != "zombie":
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_a_command_gets_an_environment_of_its_own_and_its_exit_code_is_kept(tmp_path):
    code = (
        "import os, requests; print(requests.get(os.environ['TIDEMARK_API_URL'] + 'health').text);"
        "print(os.environ['AWS_ENDPOINT_URL']); raise SystemExit(7)"
    )

    done = run([*WITHIN, sys.executable, "-c", code], TMPDIR=str(tmp_path))

    assert done.returncode == 7, done.stderr
    health, endpoint = done.stdout.splitlines()
    assert health == '{"message": "Missing Authentication Token"}', "it demands signatures"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", endpoint)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", urlsplit(endpoint).port)) != 0
    assert processes_below(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_signal_ends_the_command_and_the_environment(tmp_path):
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    running = subprocess.Popen(
        [*WITHIN, sys.executable, "-c", code],
        cwd=ROOT,
        env=environ(TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    command = int(running.stdout.readline())
    assert len(processes_below(tmp_path)) >= 2

    running.send_signal(signal.SIGTERM)
    _, errors = running.communicate(timeout=120)

    assert running.returncode == 143
    assert "within: stopped by SIGTERM" in errors
    assert not psutil.pid_exists(command)
    assert processes_below(tmp_path) == []
