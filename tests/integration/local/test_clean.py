"""`make clean` and `make local-down` where something may run that they cannot see, or that is not theirs: on a copy."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.local.conftest import ROOT
from tests.integration.local.test_no_environment import make
from tidemark.local.processes import MARK


@pytest.fixture
def installed(clone):
    """Return a copy whose .venv runs what is installed here."""
    venv = clone / ".venv"
    shutil.rmtree(venv)
    (venv / "bin").mkdir(parents=True)
    shutil.copy(ROOT / ".venv" / "pyvenv.cfg", venv)
    (venv / "lib").symlink_to(ROOT / ".venv" / "lib")
    python = venv / "bin" / "python"
    python.symlink_to(Path(sys.executable).resolve())
    command = venv / "bin" / "tidemark"
    sources = f"PYTHONPATH='{clone / 'tools' / 'src'}:{clone}'"  # not those that are installed here
    command.write_text(f"#!/bin/sh\n{sources} exec '{python}' -m tidemark.cli \"$@\"\n")
    command.chmod(0o755)
    return clone


@pytest.fixture
def bare(clone):
    """Return a copy that nothing is installed in."""
    shutil.rmtree(clone / ".venv")
    shutil.rmtree(clone / ".venvs")
    return clone


def assert_refused(done, complaint):
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert complaint in line


@pytest.mark.parametrize("target", ["local-down", "clean"])
@pytest.mark.parametrize("left", [".venvs/localstack", ".local"])
def test_without_venv_nothing_is_called_stopped_and_nothing_is_removed(bare, target, left):
    (bare / left).mkdir(parents=True)

    done = make("-s", target, cwd=bare)

    assert_refused(done, "local-down: .venv is missing")
    assert "make install local-down" in done.stderr
    assert "nothing is running" not in done.stdout
    assert (bare / left).is_dir()


def test_where_nothing_is_installed_nothing_runs(bare):
    done = make("-s", "local-down", "clean", cwd=bare)

    assert done.returncode == 0, done.stderr
    assert "nothing is running" in done.stdout


def test_nothing_is_removed_beneath_an_environment_of_another_state_directory(installed, tmp_path):
    python = str(installed / ".venvs" / "localstack" / "bin" / "python")
    other = tmp_path / "another one"
    command = [python, "-c", "print(flush=True); import time; time.sleep(600)"]
    with subprocess.Popen(
        command, env={**os.environ, MARK: str(other)}, stdout=subprocess.PIPE
    ) as localstack:
        localstack.stdout.readline()
        try:
            refused = make("-s", "clean", cwd=installed)
        finally:
            localstack.kill()

    assert_refused(refused, "local-down: an environment is still there, in ../another one: ")
    assert "make local-down STATE='../another one'" in refused.stderr
    assert (installed / ".venvs").is_dir()
    assert make("-s", "clean", cwd=installed).returncode == 0
    assert not (installed / ".venvs").exists()
    assert not (installed / ".venv").exists()


def test_the_records_of_an_environment_that_is_not_the_one_named_are_kept(installed, tmp_path):
    record = installed / ".local" / "localstack.pid"
    record.parent.mkdir()
    record.write_text('{"name": "localstack", "pid": 1, "started": 1.0}')

    refused = make("-s", "clean", f"STATE={tmp_path / 'another'}", cwd=installed)

    assert_refused(
        refused, "local-down: an environment is still there, in .local: run make local-down STATE=.local"
    )
    assert record.exists()
    assert make("-s", "clean", cwd=installed).returncode == 0
    assert not record.exists()
