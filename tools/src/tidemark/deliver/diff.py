"""`make diff TARGET=`: what a deployment would change. It changes nothing itself."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from infra_cdk.images import IMAGES_FILE, images_from
from tidemark.aws.account import caller_of, verify
from tidemark.aws.arguments import add_context, add_place
from tidemark.aws.deployment import Deployment, operate, parser
from tidemark.checkout import ROOT
from tidemark.deliver import app_stacks
from tidemark.errors import CommandError
from tidemark.images.commit import head


def of_images(root: Path, document: Path) -> str | None:
    """Return one line on how the images of a deployment now differ from those that `document` records; None: not at all.

    The templates know the recorded digests alone, and a deployment pushes the images of HEAD first. Raises SettingsError
    for a file that cannot be used.
    """
    images = images_from(document)
    try:
        commit = head(root)
    except CommandError as error:
        return f"images: whether they change is not known: {error}"
    if commit.changed:
        return (
            f"images: a deployment is refused until the {len(commit.changed)} paths that differ from commit "
            f"{commit.sha[:12]} are committed or removed; it then pushes new images and shifts the functions to them"
        )
    if images.missing:
        return (
            f"images: {document.name} records none, so a deployment pushes those of commit {commit.sha[:12]} and "
            "shifts the functions to them"
        )
    if images.commit != commit.sha:
        return (
            f"images: a deployment pushes those of commit {commit.sha[:12]} and shifts the functions to them; what is "
            f"compared above are those of {str(images.commit)[:12]}, which {document.name} records"
        )
    return None


def _operation(deployment: Deployment, options: argparse.Namespace) -> None:
    caller = caller_of(deployment)
    print(f"diff target {deployment.target}: account {caller.account}, region {caller.region}", flush=True)
    verify(caller, account=options.account, region=options.region)
    # By change sets on AWS, which know what is replaced; LocalStack's know of every parameter its default alone.
    method = ["--method=template"] if deployment.endpoint else []
    if code := app_stacks.run(deployment, ["diff", "**", *method], options.context):
        raise CommandError(f"cdk diff failed ({code}), its reason is above")
    if deployment.endpoint is None and (line := of_images(ROOT, IMAGES_FILE)):
        print(line)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    made = parser("diff", "Show what a deployment would change.")
    add_place(made)
    add_context(made)
    return operate(made, arguments, _operation)


if __name__ == "__main__":
    sys.exit(main())
