"""What `make` would run, for what is given to it and for what a shell exports."""

import os
import re
import shutil
import subprocess

import pytest

from tidemark.checkout import ROOT

OTHERS = {
    "ACCOUNT": "1",
    "ARGS": "-x",
    "BUCKET": "mine",
    "CONFIRM": "all",
    "CONTEXT": "a=b",
    "DEBUG": "*",
    "DIR": "/",
    "FROM": "x",
    "HISTORY": "delete",
    "IAM": "somebody",
    "MODE": "production",
    "REGION": "mars-1",
    "TARGET": "x86_64-linux",
}
"""Variables of ours with values that other programs give them."""
TARGETS = (
    "e2e",
    "status",
    "dev",
    "demo",
    "deploy",
    "destroy",
    "dashboard",
    "track",
    "untrack",
    "test",
    "bench-latency",
)


def shell(**exported):
    """Return the variables of a shell that exports these, and none of those that the tests themselves run with."""
    ours = {name for name in os.environ if name.startswith(("MAKE", "PYTHON")) or name in {"PORT", "STATE"}}
    return {name: value for name, value in os.environ.items() if name not in ours} | exported


def make(*arguments, **exported):
    """Return the commands that make would run, and what it says."""
    done = subprocess.run(
        [shutil.which("make"), "-n", *arguments],
        cwd=ROOT,
        env=shell(**exported),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def command(text, name):
    """Return the arguments of the one command of a sub-command of ours."""
    (found,) = re.findall(rf"^\.venv/bin/tidemark {name}\b(.*)$", text, re.MULTILINE)
    return found.split()


def test_a_file_of_a_targets_name_does_not_stand_in_its_way():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE)
    phony = " ".join(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)).split()

    assert "install" in targets
    assert sorted(phony) == sorted(targets)


def test_variables_that_a_shell_exports_for_other_programs_change_no_command_and_are_mentioned():
    for target in TARGETS:
        plain, _ = make(target)
        text, said = make(target, **OTHERS)

        assert text == plain
        mentioned = set(re.findall(r"^make: (\w+)=", said, re.MULTILINE))
        assert mentioned <= OTHERS.keys()
        assert all("is ignored: write make" in line for line in said.splitlines())
    assert "make: TARGET=x86_64-linux of the shell is ignored: write make deploy TARGET=x86_64-linux" in (
        make("deploy", **OTHERS)[1].splitlines()
    )


@pytest.mark.parametrize(
    ("target", "name", "variables", "expected"),
    [
        ("local-up", "local-up", {"PORT": "4600"}, ["--port", '"4600"']),
        ("local-up", "local-up", {"MODE": "embedded"}, ["--mode", '"embedded"']),
        ("status", "status", {"STATE": "x"}, ["--state", '"x"']),
        ("dev", "dev", {"PORT": "4600", "STATE": "x"}, ["--state", '"x"', "--port", '"4600"']),
    ],
)
def test_where_the_environment_runs_may_be_exported_and_is_said(target, name, variables, expected):
    text, said = make(target, **variables)

    assert command(text, name) == expected
    for variable, value in variables.items():
        assert f"make: {variable}={value} comes from the shell" in said.splitlines()


@pytest.mark.parametrize(
    ("target", "arguments", "expected"),
    [
        ("dashboard", ["PORT=8080", "TARGET=prod"], ["--target", '"prod"', "--port", '"8080"']),
        ("dev", ["RELOAD=0", "DEBUG=driver"], ["--reload", '"0"', "--debug", '"driver"']),
        ("logs", ["FN=driver", "FOLLOW=1"], ["--function", '"driver"', "--follow"]),
        ("deploy", ["CONTEXT=a=b c=d"], ["--context", '"a=b"', "--context", '"c=d"']),
        ("untrack", ["BUCKET=a", "HISTORY=delete"], ["--bucket", '"a"', "--history", '"delete"']),
        ("rollups", ["BUCKET=a"], ["--bucket", '"a"']),
        ("destroy", ["TARGET=dev", "CONFIRM=dev"], ["--target", '"dev"', "--confirm", '"dev"']),
    ],
)
def test_variables_on_the_command_line_are_options(target, arguments, expected):
    text, said = make(target, *arguments)

    assert command(text, target) == expected
    assert said == ""


def test_the_port_of_an_environment_is_not_the_dashboards():
    text, said = make("dashboard", "TARGET=prod", PORT="4600")

    assert command(text, "dashboard") == ["--target", '"prod"']
    assert "make: PORT=4600 of the shell is ignored: write make dashboard PORT=4600" in said.splitlines()


def test_targets_run_one_after_the_other_even_if_a_shell_asks_for_jobs(tmp_path):
    """`make -n` shows no order of jobs, so this runs a Makefile that ends as ours does."""
    rules = (ROOT / "Makefile").read_text().partition(".NOTPARALLEL:")
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"{rules[1]}\nslow:\n\t@sleep 0.3; echo slow\nquick:\n\t@echo quick\n")

    done = subprocess.run(
        [shutil.which("make"), "-C", str(tmp_path), "-s", "slow", "quick"],
        env=shell(MAKEFLAGS="-j8"),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["slow", "quick"]


@pytest.mark.parametrize(
    "name", ["PYTHONSAFEPATH", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONWARNINGS"]
)
def test_what_a_shell_tells_its_own_python_does_not_reach_ours(name, tmp_path):
    """With PYTHONHOME at an empty directory no Python starts at all."""
    done = subprocess.run(
        [shutil.which("make"), "-s", "env", f"STATE={tmp_path / 'none'}"],
        cwd=ROOT,
        env=shell(**{name: str(tmp_path)}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == ""
    assert [line for line in done.stderr.splitlines() if not line.startswith("make: ***")] == [
        f"env: no environment is up in {os.path.relpath(tmp_path / 'none', ROOT)}: run make local-up"
    ]
