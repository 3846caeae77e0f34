"""What images.json says of a deployment: where its digests are, and which images a deployment would change."""

import re
from pathlib import Path

import pytest

from infra_cdk.images import SERVICES, Images
from tidemark.aws.account import Caller
from tidemark.errors import CommandError
from tidemark.images import recorded
from tidemark.images.commit import Commit
from tidemark.images.recipes import FUNCTIONS, Build
from tidemark.images.recorded import change_of_images, require_registry

ROOT = Path(__file__).parents[4]
CALLER = Caller("111122223333", "eu-central-1", "arn:aws:iam::111122223333:user/somebody")
HERE = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"
SHA = "b" * 40
DIGESTS = dict.fromkeys(SERVICES, "sha256:" + "ab" * 32)
FIX = ": AWS_REGION=eu-central-1 make push-images, with credentials of account 111122223333, records those that are"


@pytest.mark.parametrize("host", [HERE, "111122223333.dkr.ecr.eu-central-1.amazonaws.com.cn"])
def test_digests_of_this_account_and_region_are_taken(host):
    require_registry(Images(DIGESTS, registry=host), CALLER)


@pytest.mark.parametrize(
    ("registry", "fault"),
    [
        (HERE.replace("1111", "9999"), "are in 999922223333.dkr.ecr.eu-central-1.amazonaws.com, not in"),
        (HERE.replace("central", "west"), "are in 111122223333.dkr.ecr.eu-west-1.amazonaws.com, not in"),
        ("127.0.0.1:5000", "are in 127.0.0.1:5000, not in"),
        (None, "images.json does not say that its digests are in"),
    ],
    ids=["account", "region", "registry", "a file of version 0.1"],
)
def test_digests_of_another_place_are_refused_with_the_fix(registry, fault):
    with pytest.raises(CommandError) as refused:
        require_registry(Images(DIGESTS, registry=registry), CALLER)

    message = str(refused.value)
    assert f"{fault} the registry of account 111122223333, region eu-central-1" in message
    assert message.endswith(FIX)
    assert "\n" not in message


@pytest.fixture
def at(monkeypatch):
    """Return a function that gives the line for these images, with this commit and these changed paths."""
    monkeypatch.delenv("PYTHON_IMAGE", raising=False)

    def at(images, *changed, architecture="x86_64"):
        monkeypatch.setattr(recorded, "head", lambda _: Commit(SHA, changed))
        return change_of_images(ROOT, images, CALLER, architecture)

    return at


def as_pushed(**changes):
    """Return the record of a push from this repository, with other inputs of some services."""
    inputs = {recipe.target: Build(ROOT, "x86_64").inputs(recipe) for recipe in FUNCTIONS}
    return Images(DIGESTS, commit="a" * 40, registry=HERE, inputs=inputs | changes)


def test_a_commit_that_changes_nothing_in_an_image_changes_none(at):
    """The recorded commit is an older one."""
    assert at(as_pushed()) == "images: they change only if python:3.13-slim has moved since they were pushed"


def test_a_pinned_base_cannot_move(at, monkeypatch):
    monkeypatch.setenv("PYTHON_IMAGE", "python@sha256:" + "0" * 64)

    assert at(as_pushed()) is None


def test_only_the_images_with_new_inputs_are_pushed(at):
    assert at(as_pushed(plotting="older")) == (
        "images: a deployment pushes plotting of commit bbbbbbbbbbbb and shifts the functions to them"
    )


def test_another_architecture_is_another_image(at):
    line = at(as_pushed(), architecture="arm64")

    assert re.search("pushes size-tracking, plotting, driver of commit", line)


@pytest.mark.parametrize(
    ("images", "why"),
    [
        (Images(), "images.json names none for size-tracking, plotting, driver"),
        (Images(DIGESTS), "images.json does not say that its digests are in the registry of account 1"),
        (
            Images(DIGESTS, registry="other"),
            "the digests in images.json are in other, not in the registry of",
        ),
    ],
    ids=["none", "0.1", "elsewhere"],
)
def test_a_record_that_cannot_be_deployed_says_why(at, images, why):
    line = at(images)

    assert line.startswith(f"images: {why}")
    assert line.endswith(
        "so a deployment pushes those of commit bbbbbbbbbbbb and shifts the functions to them"
    )


def test_files_that_are_no_commits_are_refused_by_a_deployment(at):
    assert at(as_pushed(), "another.py") == (
        "images: a deployment is refused until the 1 paths that differ from commit bbbbbbbbbbbb are committed or "
        "removed; it then pushes the images that these change and shifts their functions to them"
    )


def test_without_a_repository_that_is_not_known(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    line = change_of_images(tmp_path, as_pushed(), CALLER, "x86_64")

    assert line.startswith("images: whether they change is not known: ")
