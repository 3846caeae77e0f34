"""The app as a person and the CDK's command line start it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import Stack
from aws_cdk import aws_s3 as s3

from infra_cdk import app, node
from infra_cdk.settings import SETTINGS

ROOT = Path(app.__file__).parents[1]


@pytest.mark.parametrize("target", ["prod", "local"])
def test_synth_from_the_root_warns_of_nothing_and_needs_no_node_on_path_no_git_and_no_account(
    tmp_path, target
):
    done = _run(
        [sys.executable, "-m", "infra_cdk.app", "-c", f"target={target}", "-o", str(tmp_path)], ROOT, path=""
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / f"assembly-Tidemark-{target}" / "manifest.json").exists()


@pytest.mark.parametrize("shell", [{}, {"PYTHONSAFEPATH": "1"}], ids=["plain", "safe path"])
def test_the_cdks_command_line_starts_the_app_from_its_own_directory(tmp_path, shell):
    command = json.loads((ROOT / "infra_cdk" / "cdk.json").read_text())["app"]
    context = {"CDK_OUTDIR": str(tmp_path), "CDK_CONTEXT_JSON": json.dumps({"target": "dev"})}

    done = _run(["/bin/sh", "-c", command], ROOT / "infra_cdk", path="", **context, **shell)

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "assembly-Tidemark-dev" / "manifest.json").exists()


def test_the_app_reads_cdk_json_without_the_cdks_command_line(tmp_path):
    built = app.build({"target": "local"}, outdir=str(tmp_path))
    context = json.loads((ROOT / "infra_cdk" / "cdk.json").read_text())["context"]

    seen = built.node.get_all_context()

    assert {name: seen[name] for name in context} == {**context, "target": "local"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-c", "target=staging"], "unknown target 'staging': it is one of prod, dev, local"),
        (["-c", "ephemral=true"], f"unknown setting 'ephemral': there are target, {', '.join(SETTINGS)}"),
        (["-c", "ephemeral=maybe"], "setting 'ephemeral' is true or false, not 'maybe'"),
        (["-c", "ephemeral"], "setting 'ephemeral' is true or false, not ''"),
        (["-t", "prod"], "option -t not recognized"),
        (["target=local"], "unknown argument 'target=local'"),
    ],
)
def test_a_wrong_setting_or_argument_is_one_line_and_no_template(tmp_path, capsys, arguments, message):
    code = app.main(["-o", str(tmp_path / "out"), *arguments])

    assert (code, capsys.readouterr().err) == (1, f"tidemark: {message}\n")
    assert not (tmp_path / "out" / "manifest.json").exists()


@pytest.mark.parametrize(
    "context",
    [
        {
            "target": "prod",
            "trackedBuckets": "their-bucket",
            "alarmEmails": "ada@example.com",
            "sourceRepository": "owner/name",
            "connectionArn": "arn:aws:codeconnections:us-east-1:123456789012:connection/"
            "11111111-2222-3333-4444-555555555555",
        },
        {"target": "dev", "ephemeral": "true"},
        {"target": "local", "trackedBuckets": "their-bucket"},
    ],
    ids=lambda context: context["target"],
)
def test_cdk_nag_finds_nothing_that_is_not_suppressed_for_a_reason(tmp_path, context):
    app.build(context, outdir=str(tmp_path), images_file=tmp_path / "missing.json").synth()

    report = json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"]

    assert "AwsSolutions" in {plugin["pluginName"] for plugin in report}
    for plugin in report:
        assert (plugin["conclusion"], plugin["violations"]) == ("success", [])
        assert [found for found in plugin["suppressedViolations"] if len(found["reason"]) < 20] == []


def test_a_finding_that_is_not_suppressed_stops_synth_with_one_line_below_it(tmp_path, capsys, monkeypatch):
    built = app.build({"target": "local"}, outdir=str(tmp_path))
    s3.Bucket(Stack(built, "Careless"), "Bucket")
    monkeypatch.setattr(app, "build", lambda context, outdir: built)

    code = app.main(["-c", "target=local"])

    (report,) = [
        plugin
        for plugin in json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"]
        if plugin["conclusion"] == "failure"
    ]
    assert code == 1
    assert capsys.readouterr().err == "tidemark: the checks above found something in the templates\n"
    found = {violation["ruleName"] for violation in report["violations"]}
    assert found == {"AwsSolutions-S1", "AwsSolutions-S10"}


def test_jsii_starts_the_packaged_node_although_another_one_is_installed():
    packaged = node.packaged_node()

    assert packaged is not None
    version = subprocess.run([packaged, "--version"], capture_output=True, text=True, check=True).stdout
    assert version.startswith("v24.")
    assert os.environ[node.VARIABLE] == str(packaged)


def test_the_command_line_is_pinned_and_its_lock_names_no_host():
    package = json.loads((ROOT / "infra_cdk" / "package.json").read_text())
    lock = json.loads((ROOT / "infra_cdk" / "package-lock.json").read_text())

    assert package["devDependencies"] == {"aws-cdk": "2.1148.1"}
    assert lock["packages"]["node_modules/aws-cdk"]["version"] == "2.1148.1"
    assert "://" not in json.dumps(lock)


def _run(command, directory, *, path, **variables) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("HOME", "PYTHONDONTWRITEBYTECODE") if name in os.environ}
    return subprocess.run(
        command,
        cwd=directory,
        env={**kept, "PATH": path, **variables},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
