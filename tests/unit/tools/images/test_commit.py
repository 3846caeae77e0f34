"""Which commit images are made from, asked of real repositories."""

import subprocess

import pytest

from tidemark.errors import CommandError
from tidemark.images.commit import head


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("1")
    git(tmp_path, "add", "file")
    git(tmp_path, "-c", "user.name=T", "-c", "user.email=t@example.invalid", "commit", "--quiet", "-m", "One")
    return tmp_path


def git(root, *arguments):
    return subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True, text=True).stdout


def test_a_clean_repository_is_its_commit(repository):
    commit = head(repository)

    commit.require_clean()

    assert commit.sha == git(repository, "rev-parse", "HEAD").strip()


@pytest.mark.parametrize("change", ["file", "untracked"])
def test_a_change_is_named_and_refused(repository, change):
    (repository / change).write_text("2")

    commit = head(repository)

    with pytest.raises(CommandError, match=rf"1 paths differ from commit .* \({change}\): commit or remove"):
        commit.require_clean()


def test_what_git_ignores_is_no_change(repository):
    (repository / ".git" / "info" / "exclude").write_text("images.json\n")
    (repository / "images.json").write_text("{}")

    head(repository).require_clean()


def test_a_directory_without_a_repository_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    with pytest.raises(CommandError, match=f"git status failed in {tmp_path}"):
        head(tmp_path)
