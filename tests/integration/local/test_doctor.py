"""Faults staged for real, each named by `make doctor` with its fix."""

import json
import os
import shutil
import socket
import sys
from contextlib import ExitStack
from socketserver import ThreadingUnixStreamServer

import pytest

from tests.integration.local.conftest import ROOT, run
from tests.integration.local.examined import SECONDS, assert_found, doctor
from tests.integration.local.test_install import add_python
from tests.servers import SilentHandler, running
from tidemark.installation import venvs


@pytest.fixture
def nowhere_state(tmp_path):
    return ("--state", str(tmp_path / "state"))


@pytest.fixture
def engine(tmp_path):
    """Return a function that has a socket speak the engine's API, and returns DOCKER_HOST for it."""
    servers = ExitStack()

    def start(version, status=200):
        class Engine(SilentHandler):
            def do_GET(self):
                self.answer(status, b"OK" if self.path == "/_ping" else json.dumps(version).encode())

        servers.enter_context(running(ThreadingUnixStreamServer(str(tmp_path / "engine.sock"), Engine)))
        return f"unix://{tmp_path}/engine.sock"

    with servers:
        yield start


def test_a_port_that_is_taken_is_named_with_who_holds_it(nowhere_state):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        found, code = doctor(*nowhere_state, "--port", str(port))

    assert code == 1
    assert_found(found["port"], "fail", f"port {port} is taken by ", "PORT=")
    assert f"(pid {os.getpid()})" in found["port"]["text"]


@pytest.mark.parametrize(
    ("about", "value", "fix"), [("port", "x", "1 to 65535"), ("mode", "production", "MODE=embedded")]
)
def test_a_value_that_cannot_be_is_a_check_that_fails(nowhere_state, about, value, fix):
    found, code = doctor(*nowhere_state, f"--{about}", value)

    assert code == 1
    assert_found(found[about], "fail", value, fix)


def test_no_engine_is_a_fault_only_where_one_is_needed(nowhere_state, tmp_path):
    nothing = {"DOCKER_HOST": f"unix://{tmp_path}/nothing.sock"}

    needed, code = doctor(*nowhere_state, "--mode", "docker", **nothing)
    chosen, _ = doctor(*nowhere_state, **nothing)
    embedded, _ = doctor(*nowhere_state, "--mode", "embedded", **nothing)

    assert code == 1
    assert_found(needed["docker"], "fail", f"there is no {tmp_path}/nothing.sock", "apt install docker.io")
    assert_found(chosen["docker"], "warn", "no Docker engine answers", "MODE=embedded")
    assert embedded["docker"]["level"] == "ok"


def test_something_else_that_answers_on_the_socket_is_no_engine(nowhere_state, engine):
    found, _ = doctor(*nowhere_state, "--mode", "docker", DOCKER_HOST=engine({}, status=404))

    assert_found(found["docker"], "fail", "is no Docker engine (status 404)", "DOCKER_HOST")


def test_an_engine_of_another_architecture_is_named_with_the_setting(nowhere_state, engine):
    found, code = doctor(*nowhere_state, DOCKER_HOST=engine({"Version": "27.0", "Arch": "arm64"}))

    assert code == 1
    assert found["docker"]["text"].startswith("engine 27.0 answers")
    assert_found(found["architecture"], "fail", "the engine's is arm64", '"architecture": "arm64"')


def test_an_engine_of_the_right_architecture_without_compose_is_named(nowhere_state, engine, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(shutil.which("git"))
    host = engine({"Version": "27.0", "Arch": "amd64"})

    found, code = doctor(*nowhere_state, "--mode", "docker", DOCKER_HOST=host, PATH=str(tmp_path / "bin"))

    assert code == 1
    assert found["architecture"]["level"] == "ok"
    assert_found(found["compose"], "fail", "no docker compose", "docker-compose-plugin")


def test_a_disk_without_room_is_named(nowhere_state, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = f'mount -t tmpfs -o size=4m tiny "{small}" && exec "$@"'
    options = [] if os.geteuid() == 0 else ["--map-root-user"]
    private = ["unshare", *options, "--mount", "sh", "-c", mount, "sh"]
    if run([*private, "true"]).returncode:
        pytest.skip("no file system can be mounted here, so that no disk can be filled")

    found, code = doctor(*nowhere_state, prefix=private, TMPDIR=str(small))

    assert code == 1
    assert_found(found["disk"], "fail", f"MB free for TMPDIR ({small}), 512 MB are needed", "make room there")


def test_a_state_directory_that_cannot_be_is_named(tmp_path):
    found, code = doctor("--state", str(tmp_path / ("x" * 300)))

    assert code == 1
    assert_found(found["state"], "fail", "File name too long", "choose another directory (STATE=)")


def test_environments_out_of_step_with_the_lock_are_named(clone, nowhere_state):
    before, _ = doctor(*nowhere_state, root=clone)
    lock = clone / "images/localstack/uv.lock"
    lock.write_text(lock.read_text() + "\n# changed\n")
    found, code = doctor(*nowhere_state, root=clone)

    assert before["environments"]["level"] == "ok"
    assert code == 1
    assert_found(found["environments"], "fail", "the locks: .venvs/localstack", "make install")


def test_a_clone_that_nothing_is_installed_in_is_told_what_to_run(clone, nowhere_state):
    shutil.rmtree(clone / ".venv")
    shutil.rmtree(clone / ".venvs")

    found, _ = doctor(*nowhere_state, root=clone)

    assert_found(found["environments"], "warn", "nothing is installed yet", "make install")


def test_a_bare_python_examines_what_it_can_and_says_what_it_cannot(clone, nowhere_state, tmp_path):
    command = [venvs.base_python(), "-IS", str(clone / "tools/src/tidemark/doctor"), "--json", *nowhere_state]
    done = run(command, timeout=SECONDS)

    found = {finding["about"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert {"python", "environments", "disk", "docker"} <= found.keys()
    assert_found(found["local-up"], "warn", "port, state and endpoint are not examined", "make install")


def test_a_node_that_does_not_run_is_named(nowhere_state):
    found, code = doctor(*nowhere_state, JSII_NODE="/nonexistent/node")

    assert code == 1
    assert_found(found["node"], "fail", "/nonexistent/node does not run: No such file", "unset JSII_NODE")


def test_a_python_that_is_too_old_is_named_by_the_command_itself(tmp_path):
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "make", "git", "test"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    add_python(tmp_path / "bin", "import sys; sys.version_info = (3, 9, 2)")

    done = run(["make", "-s", "doctor", "PYTHON=python3"], PATH=str(tmp_path / "bin"))

    assert done.returncode != 0
    assert "is Python 3.9.2; Tidemark needs 3.11, 3.12 or 3.13" in done.stdout
    assert "fix: choose another one: make PYTHON=" in done.stdout


def test_every_line_that_is_not_ok_is_followed_by_its_fix(nowhere_state):
    command = [sys.executable, str(ROOT / "tools/src/tidemark/doctor"), *nowhere_state]
    done = run(command, JSII_NODE="/nonexistent/node")
    lines = done.stdout.splitlines()

    ill = [at for at, line in enumerate(lines) if line.startswith(("warn", "fail"))]
    assert ill
    assert all(lines[at + 1].lstrip().startswith("fix: ") for at in ill)
    assert lines[-1].startswith("doctor: 1 to mend")
