"""Which base image a build stands on, asked of a docker command that a test writes."""

import os

import pytest

from tidemark.images.base import known_base, newest_base
from tidemark.images.docker import Docker, DockerError

OLD, NEW = "python@sha256:" + "a" * 64, "python@sha256:" + "b" * 64
NAME = "python:3.13-slim"


class Progress:
    """Notes what is said."""

    def __init__(self):
        self.said = []

    def say(self, line):
        self.said.append(line)


@pytest.fixture
def progress():
    return Progress()


@pytest.fixture
def engine(tmp_path):
    """Return a function that makes an engine which knows the base as `known` and, after a pull, as `pulled`."""

    def engine(known, pulled=None):
        state = tmp_path / "known"
        if known:
            state.write_text(known)
        pull = f"printf %s '{pulled}' > {state}" if pulled else "echo 'no route to the registry' >&2; exit 1"
        (tmp_path / "docker").write_text(
            f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n'
            f'case "$1" in version) echo 99;; pull) {pull};; image) cat {state} || exit 1;; esac\n'
        )
        (tmp_path / "docker").chmod(0o755)
        return Docker({"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"})

    # The command is found on this process's own PATH.
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{tmp_path}{os.pathsep}{before}"
    yield engine
    os.environ["PATH"] = before


def test_a_push_stands_on_what_the_name_means_now(engine, progress, tmp_path):
    docker = engine(f"{OLD} |sha256:1", pulled=f"{NEW} |sha256:2")

    assert newest_base(docker, NAME, "linux/arm64", progress) == NEW
    assert f"pull --quiet --platform linux/arm64 {NAME}\n" in (tmp_path / "calls").read_text()
    assert progress.said == []


def test_a_base_that_cannot_be_pulled_is_said_to_be_the_engines(engine, progress):
    docker = engine(f"{OLD} |sha256:1")

    assert newest_base(docker, NAME, "linux/amd64", progress) == OLD
    assert progress.said == [
        f"{NAME} cannot be pulled (no route to the registry), so the one that the engine has is used"
    ]


def test_without_any_base_the_fix_is_said(engine, progress):
    with pytest.raises(
        DockerError, match=r"the base image python:3.13-slim cannot be pulled: .*PYTHON_IMAGE"
    ):
        newest_base(engine(""), NAME, "linux/amd64", progress)


def test_a_base_that_was_made_on_the_engine_is_its_id_and_not_pulled(engine, progress, tmp_path):
    docker = engine("|sha256:1")

    assert (
        newest_base(docker, "mine:1", "linux/amd64", progress) == known_base(docker, "mine:1") == "sha256:1"
    )
    assert "pull" not in (tmp_path / "calls").read_text()


def test_a_name_with_a_digest_needs_no_engine(progress):
    assert newest_base(Docker({"PATH": ""}), OLD, "linux/amd64", progress) == OLD


def test_a_base_that_the_engine_does_not_have_is_its_name(engine):
    assert known_base(engine(""), NAME) == NAME
