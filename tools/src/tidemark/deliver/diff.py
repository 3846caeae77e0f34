"""`make diff TARGET=`: shows what a deployment would change, and changes nothing."""

from infra_cdk.images import IMAGES_FILE, images_from
from tidemark.aws.account import say_where
from tidemark.checkout import ROOT
from tidemark.deliver import cdk
from tidemark.errors import CommandError
from tidemark.images.recorded import change_of_images
from tidemark.local.state import DEFAULT
from tidemark.options import Account, Context, Region, State, Target
from tidemark.targets import find_deployment


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
    caller = say_where(deployment, "diff", account=account, region=region)
    # On AWS by change sets, which know what is replaced. LocalStack's assume the defaults of all parameters.
    method = ["--method=template"] if deployment.endpoint else []
    if code := cdk.run_for(deployment, ["diff", "**", *method], context or []):
        raise CommandError(f"cdk diff failed ({code}), its reason is above")
    if deployment.endpoint is None:
        architecture = cdk.settings_of(deployment, context or []).architecture
        if line := change_of_images(ROOT, images_from(IMAGES_FILE), caller, architecture):
            print(line)
