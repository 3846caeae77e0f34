"""How the commands fail before anything is done: one line, and an exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]


@pytest.fixture
def with_docker(tmp_path):
    """Return a function that runs `tidemark build-images` with a docker command, a script of these lines, or none."""

    def run(*arguments, script=None):
        path = str(tmp_path)
        if script is not None:
            (tmp_path / "docker").write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / "docker").chmod(0o755)
            path += os.pathsep + os.environ["PATH"]
        return subprocess.run(
            [sys.executable, "-m", "tidemark.cli", "build-images", *arguments],
            cwd=ROOT,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("script", "begin"),
    [
        (None, "docker cannot be run (No such file or directory): install one (Debian"),
        (
            "echo 'Cannot connect to unix:///x.' >&2; exit 1",
            "no Docker engine answers (Cannot connect to unix:///x.)",
        ),
    ],
    ids=["no command", "no engine"],
)
def test_one_line_says_whether_the_command_or_the_engine_is_missing_and_how_to_get_one(
    with_docker, script, begin
):
    done = with_docker(script=script)

    assert done.returncode == 1
    assert done.stderr.startswith(f"build-images: {begin}")
    assert "DOCKER_HOST" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_image_is_named_with_the_known_ones(with_docker):
    done = with_docker("nothing")

    assert done.returncode == 2
    assert "there is no image 'nothing': there are size-tracking, plotting, driver" in done.stderr


def test_a_failed_build_shows_its_end_and_names_the_image(with_docker):
    script = """case "$1$2" in version*) echo 99;; build--help) ;; build*) echo "Step 1/2 : RUN x"
        echo "what the step printed"; echo "COPY failed: file not found" >&2; exit 1;; esac"""

    done = with_docker("driver", script=script)

    assert done.returncode == 1
    assert "what the step printed" in done.stderr
    assert done.stderr.endswith("build-images: tidemark/driver was not built: COPY failed: file not found\n")


def test_an_unknown_architecture_is_refused(with_docker):
    done = with_docker("--architecture", "sparc", script="echo 99")

    assert done.returncode == 1
    assert "architecture" in done.stderr
    assert "x86_64, arm64" in done.stderr
