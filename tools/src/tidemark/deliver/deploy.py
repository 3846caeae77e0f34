"""`make deploy TARGET=`: registry, images, stacks, baseline, in this order, once account and region are agreed.

On LocalStack (`TARGET=local`) there is no registry and nothing to push; the rest is the same.
"""

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from size_history.items import State, Totals, totals_key
from size_history.messages import ReconcileRequest
from tidemark.aws.account import agree, require_bootstrap
from tidemark.aws.arguments import add_context, add_place
from tidemark.aws.deployment import Deployment, operate, parser
from tidemark.aws.refusals import flat
from tidemark.aws.stacks import REGISTRY, stacks_of
from tidemark.deliver import app_stacks
from tidemark.errors import CommandError
from tidemark.local.state import Environment, StateDirectory
from tidemark.local.variables import variables_of
from tidemark.operate.reconcile import reconcile
from tidemark.operate.track import NoBucketError, announce_changes, named, require_here

UNATTENDED = ("--require-approval", "never", "--progress", "events")


@dataclass(frozen=True, slots=True)
class Deployed:
    """The stacks' outputs, and why buckets that the settings name are not tracked: a line for each of them."""

    outputs: Mapping[str, str]
    untracked: Sequence[str] = ()


def deploy(deployment: Deployment, context: Sequence[str]) -> Deployed:
    """Deploy everything. Raises CommandError, naming the step that failed; a bucket that cannot be tracked is none."""
    settings = app_stacks.settings_of(deployment, context)
    before = _changes(deployment)
    if deployment.endpoint:
        _refuse_update(deployment, context)
    else:
        app_stacks.require(deployment, ["deploy", REGISTRY, *UNATTENDED], context)
        _push_images(deployment, settings.architecture)
    stacks = [app_stacks.of_target(deployment), *app_stacks.endpoint_parameter(deployment)]
    app_stacks.require(deployment, ["deploy", *stacks, *UNATTENDED], context)
    deployed = Deployment(deployment.target, deployment.endpoint)  # anew: it remembers its outputs
    changed = _changes(deployment) != before
    untracked = _baselines(deployed, changed=changed)
    print(f"target {deployment.target}: {'deployed' if changed else 'no changes'}")
    return Deployed(deployed.outputs, untracked)


def _changes(deployment: Deployment) -> dict[str, datetime]:
    return {stack.name: stack.changed for stack in stacks_of(deployment)}


def _refuse_update(deployment: Deployment, context: Sequence[str]) -> None:
    # LocalStack reports an update as done and does not do it.
    there = [app_stacks.path(deployment, stack.name) for stack in stacks_of(deployment)]
    if there and app_stacks.differ(deployment, there, context):
        raise CommandError(f"LocalStack cannot update a stack: make destroy TARGET={deployment.target} first")


def _push_images(deployment: Deployment, architecture: str) -> None:
    push = [sys.executable, "-m", "tidemark.images.push", "--architecture", architecture]
    done = subprocess.run(push, env=app_stacks.variables(deployment), check=False)
    if done.returncode:
        raise CommandError("the images are not pushed, the reason is above; the stacks were not touched")


def _baselines(deployment: Deployment, *, changed: bool) -> list[str]:
    """Have every bucket compared with its listing that was not yet, or all where anything changed.

    The data bucket's first run is waited for, as it holds nothing yet; that of a bucket of somebody else's may take hours.
    Return why others cannot be tracked.
    """
    data_bucket = deployment.outputs["DataBucketName"]
    untracked = []
    for bucket in (data_bucket, *named(deployment)):
        if bucket != data_bucket:
            try:
                require_here(deployment, bucket)
                announce_changes(deployment.client("s3"), bucket)
            except NoBucketError as error:  # it may come later
                print(f"{error}: make track TARGET={deployment.target} BUCKET={bucket} once there is")
                continue
            except (CommandError, ClientError) as error:
                untracked.append(
                    flat(error) if isinstance(error, CommandError) else f"{bucket}: {flat(error)}"
                )
                continue
        live = _is_live(deployment, bucket)
        if bucket == data_bucket and not live:
            print(f"{bucket}: asking for the baseline", flush=True)
            reconcile(deployment, bucket)
        elif changed or not live:
            # Events may have been lost while rule, queue or tracker changed.
            deployment.client("sqs").send_message(
                QueueUrl=deployment.outputs["QueueUrl"], MessageBody=ReconcileRequest(bucket).to_json()
            )
            watch = f"make reconcile TARGET={deployment.target} BUCKET={bucket}"
            print(f"{bucket}: asked for a reconcile; {watch} watches one")
    return untracked


def _is_live(deployment: Deployment, bucket: str) -> bool:
    answer = deployment.client("dynamodb").get_item(
        TableName=deployment.outputs["LedgerTableName"], Key=totals_key(bucket), ConsistentRead=True
    )
    return "Item" in answer and Totals.from_item(answer["Item"]).state is State.LIVE


def _show(outputs: Mapping[str, str]) -> None:
    width = max(len(name) for name in outputs)
    for name, value in sorted(outputs.items(), key=lambda item: (item[0] != "ApiUrl", item[0])):
        print(f"  {name:<{width}}  {value}")


def _operation(deployment: Deployment, options: argparse.Namespace) -> None:
    caller = agree(deployment, "deploy", account=options.account, region=options.region)
    require_bootstrap(deployment, caller)
    deployed = deploy(deployment, options.context)
    if deployment.endpoint:
        # What `make env` prints: the stacks may be other ones than those of `make local-up`.
        variables = variables_of(deployment.endpoint, deployed.outputs)
        StateDirectory.at(options.state).complete(Environment(deployment.endpoint, variables))
    _show(deployed.outputs)
    print(f"next: make validate TARGET={deployment.target}", flush=True)
    if deployed.untracked:
        raise CommandError(f"all is deployed, but not all is tracked: {'; '.join(deployed.untracked)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    made = parser("deploy", "Deploy registry, images and stacks, in this order.")
    add_place(made)
    add_context(made)
    return operate(made, arguments, _operation)


if __name__ == "__main__":
    sys.exit(main())
