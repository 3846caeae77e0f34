"""How the CDK's command line ends when it cannot go on."""

import json
import subprocess

import pytest

from tidemark.deliver import command_line
from tidemark.errors import CommandError


def test_an_installation_that_takes_too_long_is_one_line(tmp_path, monkeypatch):
    def hang(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": {}}))
    monkeypatch.setattr(subprocess, "run", hang)

    with pytest.raises(CommandError) as caught:
        command_line.install(tmp_path, tmp_path)

    assert str(caught.value) == (
        "the CDK's command line was not installed within 300 s: check the network, then repeat"
    )


def test_ctrl_c_ends_it_quietly(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "run", interrupted)

    assert command_line.main(["list"]) == 130
    assert capsys.readouterr().err == ""
