"""Deploys the CDK app to LocalStack.

The CDK's own command line does this too, in 12 to 23 s. This takes one or two, and knows what LocalStack cannot do.
"""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra_cdk.settings import ENDPOINT_PARAMETER
from size_history.messages import ReconcileRequest
from tidemark.aws import emulator
from tidemark.aws.ledger import totals
from tidemark.aws.stacks import WELL
from tidemark.local.deployment.stacks import Deployed, Stacks
from tidemark.local.deployment.templates import CACHE, StackTemplate, known_templates
from tidemark.progress import Progress


def deploy(endpoint: str, wanted: Sequence[StackTemplate], progress: Progress) -> dict[str, str]:
    """Deploy stacks, each after those that it depends on, to a LocalStack; return the outputs of all of them.

    What is there already and unchanged stays as it is. Ends by asking for the data bucket's baseline, unless
    nothing changed and the bucket has one. Raises CommandError.
    """
    with emulator.explained(f"LocalStack at {endpoint}: "):
        emulator.require(endpoint)
        stacks = _stacks(endpoint, progress)
        changed = apply(stacks, wanted, {ENDPOINT_PARAMETER: endpoint}, progress)
        outputs = {name: value for stack in wanted for name, value in stacks.outputs(stack.name).items()}
        bucket = outputs["DataBucketName"]
        # A deployment that was cut off before it asked leaves everything unchanged and nothing tracked.
        tables = emulator.client("dynamodb", endpoint)
        if changed or totals(tables, outputs["LedgerTableName"], bucket) is None:
            message = ReconcileRequest(bucket).to_json()
            emulator.client("sqs", endpoint).send_message(QueueUrl=outputs["QueueUrl"], MessageBody=message)
            progress.say(f"asked for the baseline of {bucket}")
        return outputs


def is_current(endpoint: str, *, cache: Path = CACHE) -> bool:
    """Whether the stacks are what a deployment would make of the sources as they are now. Raises CommandError."""
    if (wanted := known_templates(cache)) is None:
        return False
    with emulator.explained(f"LocalStack at {endpoint}: "):
        found = _found(_stacks(endpoint, Progress()), wanted)
    return unchanged(wanted, found, {ENDPOINT_PARAMETER: endpoint}) == len(wanted)


def apply(
    stacks: Stacks, wanted: Sequence[StackTemplate], parameters: Mapping[str, str], progress: Progress
) -> bool:
    """Make LocalStack hold the wanted stacks, and return whether anything had to be done.

    LocalStack reports updates as done without doing them. So a stack that differs is destroyed and made again, and so
    is every stack after it, because it may hold names of the first one's resources.
    """
    found = _found(stacks, wanted)
    same = unchanged(wanted, found, parameters)
    for stack in wanted[:same]:
        progress.say(f"{stack.name}: unchanged")
    destroyed = [stack.name for stack in reversed(wanted[same:]) if stack.name in found]
    if destroyed:
        progress.say(f"{' and '.join(destroyed)}: made again, because LocalStack cannot update a stack")
    for name in destroyed:
        started = time.monotonic()
        stacks.delete(name)
        progress.say(f"{name}: destroyed in {time.monotonic() - started:.1f} s")
    for stack in wanted[same:]:
        started = time.monotonic()
        stacks.create(stack, stack.taken(parameters))
        progress.say(f"{stack.name}: created in {time.monotonic() - started:.1f} s")
    return same < len(wanted)


def unchanged(
    wanted: Sequence[StackTemplate], found: Mapping[str, Deployed], parameters: Mapping[str, str]
) -> int:
    """Return how many of the first stacks are complete and just as wanted."""
    for same, stack in enumerate(wanted):
        there = found.get(stack.name)
        if (
            there is None
            or there.status not in WELL
            or there.template != json.loads(stack.body)
            or not stack.taken(parameters).items() <= there.parameters.items()
        ):
            return same
    return len(wanted)


def _stacks(endpoint: str, progress: Progress) -> Stacks:
    cloudformation, s3 = (emulator.client(service, endpoint) for service in ("cloudformation", "s3"))
    return Stacks(cloudformation, s3, progress.say)


def _found(stacks: Stacks, wanted: Sequence[StackTemplate]) -> dict[str, Deployed]:
    return {stack.name: there for stack in wanted if (there := stacks.find(stack.name))}
