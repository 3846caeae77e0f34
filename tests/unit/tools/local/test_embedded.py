import re
from pathlib import Path

import pytest

from tidemark.checkout import ROOT
from tidemark.errors import CommandError
from tidemark.local import embedded
from tidemark.local.backend import NAMES
from tidemark.local.embedded import Processes
from tidemark.local.state import StateDirectory
from tidemark.options import Iam
from tidemark.progress import Progress

STATE = StateDirectory(Path("/state"))


def environ_of(name, shell):
    return next(p.environ for p in embedded.programs(STATE, 4566, 5000, shell) if p.name == name)


def test_only_what_is_listed_is_passed_on_from_the_shell():
    shell = {
        "PATH": "/bin",
        "SERVICES": "s3",
        "AWS_PROFILE": "work",
        "http_proxy": "http://proxy",
        "PYTHONPATH": "x",
    }

    environ = environ_of("localstack", shell)

    assert environ["PATH"] == "/bin"
    assert not {"SERVICES", "AWS_PROFILE", "http_proxy", "PYTHONPATH"} & environ.keys()


@pytest.mark.parametrize("iam", Iam)
def test_localstack_checks_the_permissions_that_were_asked_for(iam):
    _, localstack = embedded.programs(STATE, 4566, 5000, {"IAM_ENFORCEMENT": "x"}, iam)

    assert localstack.environ["IAM_ENFORCEMENT"] == iam.value


def test_every_address_is_on_loopback():
    for name in NAMES:
        addresses = re.findall(r"\d+\.\d+\.\d+\.\d+", " ".join(environ_of(name, {}).values()))

        assert set(addresses) == {"127.0.0.1"}


def test_nothing_is_written_outside_the_state_directory():
    for name in NAMES:
        environ = environ_of(name, {"HOME": "/home/somebody", "TMPDIR": "/tmp"})  # noqa: S108 - not used

        assert environ["HOME"].startswith("/state/")
        assert environ["TMPDIR"].startswith("/state/")


def test_each_image_runs_from_its_sources_in_its_own_venv():
    images = embedded.functions(STATE)["images"]

    assert images["tidemark/size-tracking"] == {
        "python": f"{ROOT}/.venvs/size-tracking/bin/python",
        "directory": f"{ROOT}/services/size_tracking",
        "handler": "size_tracking.handler.handler",
        "environment": {"TIDEMARK_LOCAL_STATE": "/state"},
    }
    assert set(images) == {"tidemark/size-tracking", "tidemark/plotting", "tidemark/driver"}


def test_a_missing_venv_is_named_with_the_command_that_makes_it(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "ROOT", tmp_path)

    with pytest.raises(CommandError, match=r"^\.venvs/dynamodb/bin/python is missing: run make install$"):
        Processes(STATE).prepare(Progress())
