"""What `make diff` says of images, whose templates name the digests that were pushed last."""

import json

import pytest

from infra_cdk.images import SERVICES
from tests.unit.tools.operations.conftest import ACCOUNT
from tidemark import cli
from tidemark.deliver import diff
from tidemark.deliver.diff import of_images
from tidemark.images.commit import Commit

OLD, NEW = "a" * 40, "b" * 40
PUSHES = f"pushes those of commit {NEW[:12]} and shifts the functions to them"


@pytest.mark.parametrize(
    ("recorded", "changed", "line"),
    [
        (NEW, (), None),
        (
            OLD,
            (),
            (
                f"images: a deployment {PUSHES}; the comparison above is with those of {OLD[:12]}, which images.json "
                "records"
            ),
        ),
        (None, (), f"images: images.json records none, so a deployment {PUSHES}"),
        (
            NEW,
            ("another.py",),
            (
                f"images: a deployment is refused until the 1 paths that differ from commit {NEW[:12]} are committed "
                "or removed; it then pushes new images and shifts the functions to them"
            ),
        ),
    ],
    ids=["as recorded", "a newer commit", "none pushed yet", "files that are no commit's"],
)
def test_it_says_how_a_deployment_would_change_the_images(monkeypatch, tmp_path, recorded, changed, line):
    monkeypatch.setattr(diff, "head", lambda _: Commit(NEW, changed))
    document = tmp_path / "images.json"
    if recorded:
        images = dict.fromkeys(SERVICES, "sha256:" + "ab" * 32)
        document.write_text(json.dumps({"git_sha": recorded, "images": images}))

    assert of_images(tmp_path, document) == line


def test_without_a_repository_that_is_not_known(tmp_path):
    line = of_images(tmp_path, tmp_path / "images.json")

    assert line.startswith("images: whether they change is not known: ")


def test_diff_ends_with_that_line(aws, monkeypatch, capsys):
    monkeypatch.setattr("tidemark.deliver.cdk.run", lambda *_: 0)
    monkeypatch.setattr(diff, "of_images", lambda *_: "images: new ones")

    assert cli.main(["diff", "--target", "prod", "--account", ACCOUNT, "--region", "eu-central-1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "images: new ones"
