"""How the commands fail before anything is done: one line, and an exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]


def command(*arguments, **environ):
    return subprocess.run(
        [sys.executable, "-m", "tidemark.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_docker_command_one_line_says_how_to_get_one(tmp_path):
    done = command("build-images", PATH=str(tmp_path))

    assert done.returncode == 1
    assert done.stderr.startswith(
        "build-images: docker cannot be run (No such file or directory): install one (Debian"
    )
    assert len(done.stderr.splitlines()) == 1


def test_an_engine_that_does_not_answer_is_told_from_a_missing_command(tmp_path):
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon at unix:///x.' >&2\nexit 1\n")
    docker.chmod(0o755)

    done = command("build-images", PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    assert done.returncode == 1
    assert done.stderr.startswith(
        "build-images: no Docker engine answers (Cannot connect to the Docker daemon at unix:///x.)"
    )
    assert "DOCKER_HOST" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_image_is_named_with_the_known_ones():
    done = command("build-images", "nothing")

    assert done.returncode == 2
    assert "there is no image 'nothing': there are size-tracking, plotting, driver" in done.stderr


@pytest.mark.parametrize("build_fails_with", ["COPY failed: file not found"])
def test_a_failed_build_shows_its_end_and_names_the_image(tmp_path, build_fails_with):
    docker = tmp_path / "docker"
    docker.write_text(
        "#!/bin/sh\n"
        'case "$1$2" in version*) echo 99;; build--help) ;; build*) echo "Step 1/2 : RUN x"; '
        f'echo "what the step printed"; echo "{build_fails_with}" >&2; exit 1;; esac\n'
    )
    docker.chmod(0o755)

    done = command("build-images", "driver", PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    assert done.returncode == 1
    assert "what the step printed" in done.stderr
    assert done.stderr.splitlines()[-1] == f"build-images: tidemark/driver was not built: {build_fails_with}"


def test_an_unknown_architecture_is_refused(tmp_path):
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho 99\n")
    docker.chmod(0o755)

    done = command(
        "build-images", "--architecture", "sparc", PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    )

    assert done.returncode == 1
    assert "architecture" in done.stderr
    assert "x86_64, arm64" in done.stderr
