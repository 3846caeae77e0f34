"""The CDK's command line as it is installed, in a directory of its own."""

import json
import shutil
import subprocess

import pytest

from tidemark.deliver import cdk
from tidemark.deliver.cdk import HERE
from tidemark.errors import CommandError


@pytest.fixture
def directory(tmp_path):
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, tmp_path)
    return tmp_path


def version(bin_directory) -> str:
    # Without a node on PATH, as on a machine that has Python alone.
    done = subprocess.run(
        [bin_directory / "cdk", "--version"], env={"PATH": ""}, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_pinned_version_is_installed_once_and_runs_without_a_node_on_path(directory, capsys):
    cdk.install(directory, directory)
    first = capsys.readouterr().err
    stamp = (directory / "cdk").stat().st_mtime_ns
    cdk.install(directory, directory)
    second = capsys.readouterr().err

    pinned = json.loads((directory / "package.json").read_text())["devDependencies"]["aws-cdk"]
    assert version(directory).startswith(f"{pinned} ")
    assert (first, second) == ("installing the CDK's command line\n", "")
    assert (directory / "cdk").stat().st_mtime_ns == stamp


def test_another_version_is_replaced_by_the_pinned_one(directory, capsys):
    cdk.install(directory, directory)
    note = directory / "node_modules" / ".package-lock.json"
    note.write_text(note.read_text().replace("2.1148.1", "2.1000.0"))
    capsys.readouterr()

    cdk.install(directory, directory)

    assert capsys.readouterr().err == "installing the CDK's command line\n"
    assert "2.1000.0" not in note.read_text()


def test_an_installation_that_fails_is_one_line(directory, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_cache", str(directory / "cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")

    with pytest.raises(CommandError) as caught:
        cdk.install(directory, directory)

    assert str(caught.value).startswith("the CDK's command line could not be installed (npm error")
    assert str(caught.value).endswith("): check the network, then repeat")
