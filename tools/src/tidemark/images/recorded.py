"""What images.json says about a deployment: whether its digests are in this account and region, and what would change."""

import os
from pathlib import Path

from infra_cdk.images import Images
from tidemark.aws.account import Caller
from tidemark.errors import CommandError
from tidemark.images.base import is_pinned
from tidemark.images.commit import head
from tidemark.images.recipes import FUNCTIONS, Build, name_of_base


def require_registry(images: Images, caller: Caller) -> None:
    """Raise CommandError unless the recorded digests are in the registry of the caller's account and region."""
    if fault := _fault(images, caller):
        raise CommandError(
            f"{fault}: AWS_REGION={caller.region} make push-images, with credentials of account {caller.account}, "
            "records those that are"
        )


def _fault(images: Images, caller: Caller) -> str | None:
    here = f"account {caller.account}, region {caller.region}"
    if images.registry is None:
        return f"images.json does not say that its digests are in the registry of {here}"
    if images.place != (caller.account, caller.region):
        return f"the digests in images.json are in {images.registry}, not in the registry of {here}"
    return None


def change_of_images(root: Path, images: Images, caller: Caller, architecture: str) -> str | None:
    """Return one line on how a deployment would change the recorded images; None if it would not.

    The templates name the recorded digests, and a deployment first pushes what the checked-out commit has other than these.
    """
    try:
        commit = head(root)
    except CommandError as error:
        return f"images: whether they change is not known: {error}"
    sha = commit.sha[:12]
    if commit.changed:
        return (
            f"images: a deployment is refused until the {len(commit.changed)} paths that differ from commit {sha} are "
            "committed or removed; it then pushes the images that these change and shifts their functions to them"
        )
    pushes = f"a deployment pushes those of commit {sha} and shifts the functions to them"
    if images.missing:
        return f"images: images.json names none for {', '.join(images.missing)}, so {pushes}"
    if fault := _fault(images, caller):
        return f"images: {fault}, so {pushes}"
    plan = Build(root, architecture)
    new = [recipe.target for recipe in FUNCTIONS if images.inputs.get(recipe.target) != plan.inputs(recipe)]
    if new:
        return (
            f"images: a deployment pushes {', '.join(new)} of commit {sha} and shifts the functions to them"
        )
    base = name_of_base(root, os.environ)
    return None if is_pinned(base) else f"images: they change only if {base} has moved since they were pushed"
