"""`make deploy TARGET=`: registry, images, stacks and baseline, in this order, once account and region are agreed.

LocalStack (`TARGET=local`) has no registry and takes no images; the rest is the same.
"""

import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime

from botocore.exceptions import ClientError

from infra_cdk.images import IMAGES_FILE, images_from
from infra_cdk.names import LAMBDA_STACK, REGISTRY_STACK
from infra_cdk.settings import ENDPOINT_PARAMETER
from size_history.items import State as BucketState
from tidemark.aws.account import agree, caller_of, require_bootstrap
from tidemark.aws.deployment import Deployment
from tidemark.aws.ledger import totals
from tidemark.deliver import cdk
from tidemark.errors import CommandError, flat, goes_on_by_itself
from tidemark.images.recorded import require_registry
from tidemark.local.state import DEFAULT, Environment, StateDirectory
from tidemark.local.variables import variables_of
from tidemark.operate.reconcile import reconcile, request_reconcile
from tidemark.operate.rollups import request_rollups
from tidemark.operate.track import (
    NoBucketError,
    buckets_of_stacks,
    enlist,
    remove_needless_additions,
    require_here,
    stack_rules,
)
from tidemark.options import Account, Context, Region, State, Target
from tidemark.targets import find_deployment

UNATTENDED = ("--require-approval", "never", "--progress", "events")


def deploy(deployment: Deployment, context: Sequence[str]) -> list[str]:
    """Deploy everything. Raises CommandError, naming the step that failed.

    Return a line for each bucket that the settings name and that cannot be tracked.
    """
    settings = cdk.settings_of(deployment, context)
    before = _times_of_change(deployment)
    stacks = ["deploy", deployment.stack_name("*", "/"), *UNATTENDED]
    if deployment.endpoint:
        # LocalStack reports an update as done and does not make it.
        if cdk.differ(deployment, context):
            raise CommandError(
                f"LocalStack cannot update a stack: make destroy TARGET={deployment.target} first"
            )
        endpoint = f"{deployment.stack_name(LAMBDA_STACK)}:{ENDPOINT_PARAMETER}={deployment.endpoint}"
        stacks += ["--parameters", endpoint]
    else:
        cdk.require(deployment, ["deploy", REGISTRY_STACK, *UNATTENDED], context)
        _push_images(deployment, settings.architecture)
    with goes_on_by_itself():
        cdk.require(deployment, stacks, context)
    changed = _times_of_change(deployment) != before
    untracked = _take_baselines(deployment, changed=changed)
    if changed:
        # Version 0.1 made no rollups; any other deployment checks a day of them.
        request_rollups(deployment)
    remove_needless_additions(deployment, stack_rules(deployment))
    print(f"target {deployment.target}: {'deployed' if changed else 'no changes'}")
    return untracked


def _times_of_change(deployment: Deployment) -> dict[str, datetime]:
    return {stack.name: stack.changed for stack in deployment.stacks()}


def _push_images(deployment: Deployment, architecture: str) -> None:
    # A program of its own, because its credentials are those that were verified.
    push = [sys.executable, "-m", "tidemark.cli", "push-images", "--architecture", architecture]
    done = subprocess.run(push, env=cdk.variables(deployment), check=False)
    if done.returncode:
        raise CommandError("the images are not pushed, the reason is above; the stacks were not touched")
    require_registry(images_from(IMAGES_FILE), caller_of(deployment))


def _take_baselines(deployment: Deployment, *, changed: bool) -> list[str]:
    """Make the stacks' buckets tracked; ask for a reconcile of each without a baseline, and of all if anything `changed`.

    The data bucket's first run is waited for, as it has nothing to list yet. That of another bucket may take hours.
    Return a line for each bucket that cannot be tracked.
    """
    tracked, untracked = _enlist_all(deployment)
    for bucket in tracked:
        found = totals(deployment.client("dynamodb"), deployment.outputs["LedgerTableName"], bucket)
        live = found is not None and found.state is BucketState.LIVE
        if bucket == deployment.outputs["DataBucketName"] and not live:
            print(f"{bucket}: asking for the baseline", flush=True)
            reconcile(deployment, bucket)
        elif changed or not live:
            # Events may have been lost while rule, queue or tracker changed.
            request_reconcile(deployment, bucket)
            watch = f"make reconcile TARGET={deployment.target} BUCKET={bucket}"
            print(f"{bucket}: asked for a reconcile; {watch} watches one")
    return untracked


def _enlist_all(deployment: Deployment) -> tuple[list[str], list[str]]:
    """Make the stacks' buckets tracked; return them, and a line for each other that cannot be.

    On AWS the stacks have turned on the events. Elsewhere this comes before anything that takes time: the watch adopts
    a bucket of the settings by itself, and one whose events are still off then is not heard.
    """
    tracked, untracked = [], []
    for bucket in buckets_of_stacks(deployment):
        try:
            require_here(deployment, bucket)
            enlist(deployment, bucket, turn_on=bool(deployment.endpoint))
        except NoBucketError as error:  # it may come later
            print(f"{error}: make track TARGET={deployment.target} BUCKET={bucket} once there is")
        except (CommandError, ClientError) as error:
            untracked.append(f"{bucket}: {flat(error)}")
        else:
            tracked.append(bucket)
    return tracked, untracked


def command(
    *,
    target: Target = "local",
    state: State = DEFAULT,
    account: Account = None,
    region: Region = None,
    context: Context = None,
) -> None:
    """Deploy registry, images and stacks, take the baseline, print the API's URL."""
    deployment = find_deployment(target, state)
    require_bootstrap(deployment, agree(deployment, "deploy", account=account, region=region))
    untracked = deploy(deployment, context or [])
    if deployment.endpoint:
        # These stacks may be others than those of `make local-up`, and `make env` has to print theirs.
        variables = variables_of(deployment.endpoint, deployment.outputs)
        StateDirectory.at(state).complete(Environment(deployment.endpoint, variables))
    width = max(map(len, deployment.outputs))
    for name, value in sorted(deployment.outputs.items(), key=lambda item: (item[0] != "ApiUrl", item[0])):
        print(f"  {name:<{width}}  {value}")
    print(f"next: make validate TARGET={deployment.target}", flush=True)
    if untracked:
        raise CommandError(f"all is deployed, but not all is tracked: {'; '.join(untracked)}")
