"""What `make diff` says of images, whose templates name the digests that were pushed last."""

import json
import subprocess

import pytest

from infra_cdk.images import SERVICES
from tests.unit.tools.operations.conftest import ACCOUNT
from tidemark import cli
from tidemark.deliver import diff
from tidemark.deliver.diff import of_images

PLACE = ("--account", ACCOUNT, "--region", "eu-central-1")


@pytest.fixture
def repository(tmp_path):
    """Return a git repository with one commit."""
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "--quiet")
    (root / "source.py").write_text("one")
    commit(root)
    return root


def git(root, *arguments):
    identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    done = subprocess.run(
        ["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(root):
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Change it")
    return git(root, "rev-parse", "HEAD")


def record(tmp_path, sha):
    document = tmp_path / "images.json"
    images = dict.fromkeys(SERVICES, "sha256:" + "ab" * 32)
    document.write_text(json.dumps({"git_sha": sha, "images": images}))
    return document


def test_images_of_the_commit_that_is_checked_out_do_not_change(repository, tmp_path):
    assert of_images(repository, record(tmp_path, git(repository, "rev-parse", "HEAD"))) is None


def test_images_of_an_older_commit_are_going_to_be_replaced(repository, tmp_path):
    before = git(repository, "rev-parse", "HEAD")
    (repository / "source.py").write_text("two")
    now = commit(repository)

    assert of_images(repository, record(tmp_path, before)) == (
        f"images: a deployment pushes those of commit {now[:12]} and shifts the functions to them; the comparison "
        f"above is with those of {before[:12]}, which images.json records"
    )


def test_where_none_were_pushed_a_deployment_pushes_them(repository, tmp_path):
    now = git(repository, "rev-parse", "HEAD")

    assert of_images(repository, tmp_path / "images.json") == (
        f"images: images.json records none, so a deployment pushes those of commit {now[:12]} and shifts the "
        "functions to them"
    )


def test_files_that_are_no_commits_cannot_be_deployed(repository, tmp_path):
    (repository / "another.py").write_text("new")
    now = git(repository, "rev-parse", "HEAD")

    assert of_images(repository, record(tmp_path, now)) == (
        f"images: a deployment is refused until the 1 paths that differ from commit {now[:12]} are committed or "
        "removed; it then pushes new images and shifts the functions to them"
    )


def test_without_a_repository_that_is_not_known(tmp_path):
    assert of_images(tmp_path, tmp_path / "images.json").startswith(
        "images: whether they change is not known: "
    )


def test_diff_ends_with_that_line(aws, monkeypatch, capsys):
    monkeypatch.setattr("tidemark.deliver.cdk.run", lambda *_: 0)
    monkeypatch.setattr(diff, "of_images", lambda *_: "images: new ones")

    assert cli.main(["diff", "--target", "prod", *PLACE]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "images: new ones"
