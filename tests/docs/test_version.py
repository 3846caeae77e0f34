"""The version is `[project] version` in the root's pyproject.toml; every other place agrees with it."""

import subprocess
import tomllib
from importlib import metadata

import pytest
import yaml

from plotting import page_routes
from tests.docs.blocks import ROOT

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
PROJECTS = subprocess.run(
    ["git", "ls-files", "*/pyproject.toml"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.splitlines()


@pytest.mark.parametrize("project", PROJECTS)
def test_every_project_and_its_lock_have_the_version(project):
    stated = tomllib.loads((ROOT / project).read_text(encoding="utf-8"))["project"]
    own_lock = (ROOT / project).with_name("uv.lock")
    lock = tomllib.loads((own_lock if own_lock.exists() else ROOT / "uv.lock").read_text(encoding="utf-8"))

    assert stated["version"] == VERSION
    assert {package["version"] for package in lock["package"] if package["name"] == stated["name"]} == {
        VERSION
    }


def test_the_contract_has_the_version():
    contract = yaml.safe_load(
        (ROOT / "services/plotting/src/plotting/openapi.yaml").read_text(encoding="utf-8")
    )

    assert contract["info"]["version"] == VERSION


def test_health_answers_the_version():
    ours = {name for name in page_routes.SHOWN_VERSIONS if name in {"plotting", "size-history"}}

    assert ours == {"plotting", "size-history"}
    assert {metadata.version(name) for name in ours} == {VERSION}


def test_the_changelog_has_a_section_of_the_version():
    assert f"\n## [{VERSION}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
