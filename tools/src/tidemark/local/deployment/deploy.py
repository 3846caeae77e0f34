"""Deploys the CDK app to LocalStack.

The CDK's own command line does this too, in 12 to 23 s. This takes one or two, and knows what LocalStack cannot do.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from infra_cdk.settings import ENDPOINT_PARAMETER
from size_history.messages import ReconcileRequest
from tidemark.aws.ledger import totals
from tidemark.local import emulator
from tidemark.local.deployment.plan import Deployed, parameters_of, plan
from tidemark.local.deployment.stacks import Stacks
from tidemark.local.deployment.templates import CACHE, StackTemplate, known_templates
from tidemark.local.progress import Progress


def deploy(endpoint: str, wanted: Sequence[StackTemplate], progress: Progress) -> dict[str, str]:
    """Deploy stacks, each after those that it depends on, to a LocalStack; return the outputs of all of them.

    What is there already and unchanged stays as it is. Ends by asking for the data bucket's baseline, unless
    nothing changed and the bucket has one. Raises CommandError.
    """
    with emulator.explained(f"LocalStack at {endpoint}: "):
        emulator.require(endpoint)
        stacks = _stacks(endpoint, progress)
        changed = _apply(stacks, wanted, {ENDPOINT_PARAMETER: endpoint}, progress)
        outputs = {name: value for stack in wanted for name, value in stacks.outputs(stack.name).items()}
        if changed or not _has_totals(endpoint, outputs):
            _ask_for_baseline(endpoint, outputs, progress)
        return outputs


def is_current(endpoint: str, *, cache: Path = CACHE) -> bool:
    """Whether the stacks are what a deployment would make of the sources as they are now. Raises CommandError."""
    wanted = known_templates(cache)
    if wanted is None:
        return False
    with emulator.explained(f"LocalStack at {endpoint}: "):
        found = _found(_stacks(endpoint, Progress()), wanted)
    return not plan(wanted, found, {ENDPOINT_PARAMETER: endpoint}).create


def _stacks(endpoint: str, progress: Progress) -> Stacks:
    cloudformation, s3 = (emulator.client(service, endpoint) for service in ("cloudformation", "s3"))
    return Stacks(cloudformation, s3, progress.say)


def _apply(
    stacks: Stacks, wanted: Sequence[StackTemplate], parameters: dict[str, str], progress: Progress
) -> bool:
    decided = plan(wanted, _found(stacks, wanted), parameters)
    for stack in decided.keep:
        progress.say(f"{stack.name}: unchanged")
    if decided.destroy:
        progress.say(f"{' and '.join(decided.destroy)}: made again, because LocalStack cannot update a stack")
    for name in decided.destroy:
        started = time.monotonic()
        stacks.delete(name)
        progress.say(f"{name}: destroyed in {time.monotonic() - started:.1f} s")
    for stack in decided.create:
        started = time.monotonic()
        stacks.create(stack, parameters_of(stack, parameters))
        progress.say(f"{stack.name}: created in {time.monotonic() - started:.1f} s")
    return bool(decided.create)


def _found(stacks: Stacks, wanted: Sequence[StackTemplate]) -> dict[str, Deployed]:
    there = ((stack.name, stacks.find(stack.name)) for stack in wanted)
    return {name: deployed for name, deployed in there if deployed is not None}


def _has_totals(endpoint: str, outputs: dict[str, str]) -> bool:
    # A deployment that was cut off before it asked leaves everything unchanged and nothing tracked.
    tables = emulator.client("dynamodb", endpoint)
    return totals(tables, outputs["LedgerTableName"], outputs["DataBucketName"]) is not None


def _ask_for_baseline(endpoint: str, outputs: dict[str, str], progress: Progress) -> None:
    bucket = outputs["DataBucketName"]
    emulator.client("sqs", endpoint).send_message(
        QueueUrl=outputs["QueueUrl"], MessageBody=ReconcileRequest(bucket).to_json()
    )
    progress.say(f"asked for the baseline of {bucket}")
