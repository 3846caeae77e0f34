"""For which architecture images are built, where a target has its own."""

import json

import pytest

from tidemark.images import build
from tidemark.images.build import architecture_of


@pytest.fixture(autouse=True)
def settings(tmp_path, monkeypatch):
    """Have cdk.json deploy prod by default, dev as arm64, and everything else as it comes."""
    (tmp_path / "infra_cdk").mkdir()
    context = {"target": "prod", "dev": {"architecture": "arm64"}}
    (tmp_path / "infra_cdk" / "cdk.json").write_text(json.dumps({"context": context}))
    monkeypatch.setattr(build, "ROOT", tmp_path)


@pytest.mark.parametrize(
    ("override", "target", "architecture"),
    [
        (None, None, "x86_64"),
        (None, "dev", "arm64"),
        (None, "local", "x86_64"),
        ("x86_64", "dev", "x86_64"),
        ("arm64", None, "arm64"),
    ],
)
def test_a_target_has_its_own_architecture_and_what_is_said_comes_first(override, target, architecture):
    assert architecture_of(override, target) == architecture
