import json
from pathlib import Path

import pytest

from tidemark.errors import CommandError
from tidemark.local.deployment import templates
from tidemark.local.deployment.templates import (
    StackTemplate,
    fingerprint,
    local_templates,
    stacks_of,
)


def test_stacks_come_after_those_that_they_depend_on_also_from_a_nested_assembly(tmp_path):
    stage = tmp_path / "assembly-app"
    stage.mkdir()
    _manifest(tmp_path, {"app": {"type": "cdk:cloud-assembly", "properties": {"directoryName": stage.name}}})
    _manifest(
        stage,
        {
            "a": _stack("app-Application", "a.json", dependencies=["b", "a.assets"]),
            "a.assets": {"type": "cdk:asset-manifest", "properties": {"file": "a.assets.json"}},
            "b": _stack("app-Storage", "b.json"),
            "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
        },
    )
    (stage / "a.json").write_text('{ "Resources": {} }')
    (stage / "b.json").write_text('{ "Resources": { "Table": {} } }')

    assert stacks_of(tmp_path) == (
        StackTemplate("app-Storage", '{"Resources":{"Table":{}}}'),
        StackTemplate("app-Application", '{"Resources":{}}'),
    )


def test_templates_are_remembered_until_a_source_changes(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    root = _sources(tmp_path)
    synths = []
    monkeypatch.setattr(templates, "ROOT", root)
    monkeypatch.setattr(templates, "_synthesize", lambda directory: synths.append(_assembly(directory)))

    first = local_templates(cache)
    again = local_templates(cache)
    (root / "infra_cdk" / "settings.py").write_text("changed")
    changed = local_templates(cache)

    assert first == again == changed == (StackTemplate("app-Storage", "{}"),)
    assert len(synths) == 2


@pytest.mark.parametrize(
    "path",
    [
        "infra_cdk/new.py",
        "infra_cdk/cdk.json",
        "services/plotting/src/plotting/openapi.yaml",
        "services/size_history/src/a/b.py",
        "uv.lock",
    ],
)
def test_whatever_decides_the_templates_is_in_their_fingerprint(tmp_path, path):
    root = _sources(tmp_path)
    before = fingerprint(root)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text("changed")

    assert fingerprint(root) != before


def test_a_local_command_is_not_in_the_fingerprint(tmp_path):
    root = _sources(tmp_path)
    before = fingerprint(root)
    (root / "infra_cdk" / "local").mkdir()
    (root / "infra_cdk" / "local" / "up.py").write_text("changed")

    assert fingerprint(root) == before


def test_a_synth_that_fails_is_one_line_that_says_why_and_how_to_see_more(tmp_path, monkeypatch):
    monkeypatch.setattr(templates, "ROOT", _sources(tmp_path))

    with pytest.raises(CommandError) as failed:
        local_templates(tmp_path / "cache")

    message = str(failed.value)
    assert message.startswith("synth failed: ")
    assert message.endswith("see all it says with: python -m infra_cdk.app -c target=local")
    assert "\n" not in message
    assert not (tmp_path / "cache").exists()


def _sources(directory):
    root = directory / "root"
    (root / "infra_cdk").mkdir(parents=True)
    (root / "infra_cdk" / "__init__.py").write_text("")  # an app that lacks everything
    return root


def _assembly(directory):
    path = Path(directory)
    _manifest(path, {"a": _stack("app-Storage", "a.json")})
    (path / "a.json").write_text("{}")


def _manifest(directory, artifacts):
    (directory / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))


def _stack(name, file, dependencies=()):
    return {
        "type": "aws:cloudformation:stack",
        "dependencies": list(dependencies),
        "properties": {"templateFile": file, "stackName": name},
    }
