"""`make diff TARGET=`: shows what a deployment would change, and changes nothing."""

from pathlib import Path

from infra_cdk.images import IMAGES_FILE, images_from
from tidemark.aws.account import say_where
from tidemark.checkout import ROOT
from tidemark.deliver import cdk
from tidemark.errors import CommandError
from tidemark.images.commit import head
from tidemark.local.state import DEFAULT
from tidemark.options import Account, Context, Region, State, Target
from tidemark.targets import find_deployment


def of_images(root: Path, document: Path) -> str | None:
    """Return one line on how a deployment would change the images that `document` records; None if it would not.

    The templates name the recorded digests, and a deployment first pushes the images of HEAD. Raises SettingsError
    for a file that cannot be used.
    """
    images = images_from(document)
    try:
        commit = head(root)
    except CommandError as error:
        return f"images: whether they change is not known: {error}"
    sha, shifts = commit.sha[:12], "shifts the functions to them"
    if commit.changed:
        return (
            f"images: a deployment is refused until the {len(commit.changed)} paths that differ from commit {sha} are "
            f"committed or removed; it then pushes new images and {shifts}"
        )
    pushes = f"a deployment pushes those of commit {sha} and {shifts}"
    if images.missing:
        return f"images: {document.name} records none, so {pushes}"
    if images.commit != commit.sha:
        recorded = f"those of {str(images.commit)[:12]}, which {document.name} records"
        return f"images: {pushes}; the comparison above is with {recorded}"
    return None


def command(
    *,
    target: Target = "local",
    state: State = DEFAULT,
    account: Account = None,
    region: Region = None,
    context: Context = None,
) -> None:
    """Show what a deployment would change."""
    deployment = find_deployment(target, state)
    say_where(deployment, "diff", account=account, region=region)
    # On AWS by change sets, which know what is replaced. LocalStack's assume the defaults of all parameters.
    method = ["--method=template"] if deployment.endpoint else []
    if code := cdk.run_for(deployment, ["diff", "**", *method], context or []):
        raise CommandError(f"cdk diff failed ({code}), its reason is above")
    if deployment.endpoint is None and (line := of_images(ROOT, IMAGES_FILE)):
        print(line)
