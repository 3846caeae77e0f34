"""Deploys the CDK app to LocalStack: `python -m tidemark.local.deployment.deploy --endpoint http://127.0.0.1:4566`.

The CDK's own command line does this too, in 12 to 23 s; this takes one or two, and knows what LocalStack
cannot do.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from infra_cdk.settings import ENDPOINT_PARAMETER, LOCAL_ENDPOINT
from size_history.items import totals_key
from size_history.messages import ReconcileRequest
from tidemark.local import emulator
from tidemark.local.deployment.plan import Deployed, parameters_of, plan
from tidemark.local.deployment.stacks import StackError, Stacks
from tidemark.local.deployment.templates import (
    CACHE,
    StackTemplate,
    SynthError,
    known_templates,
    local_templates,
)
from tidemark.local.emulator import EmulatorError

Progress = Callable[[str], None]


class DeployError(RuntimeError):
    """A deployment or a removal failed; the message is one line for the user."""


def deploy(endpoint_url: str, *, progress: Progress, cache: Path = CACHE) -> dict[str, str]:
    """Deploy every stack to the LocalStack at the endpoint and return the outputs of all of them.

    What is there already and unchanged stays as it is. Ends by asking for the data bucket's baseline, unless
    nothing changed and the bucket has one. `cache` keeps the templates between runs. Raises DeployError.
    """
    with _Told(endpoint_url):
        emulator.require(endpoint_url)
        wanted = local_templates(cache)
        stacks = _stacks(endpoint_url)
        changed = _apply(stacks, wanted, {ENDPOINT_PARAMETER: endpoint_url}, progress)
        outputs = {name: value for stack in wanted for name, value in stacks.outputs(stack.name).items()}
        if changed or not _has_totals(endpoint_url, outputs):
            _ask_for_baseline(endpoint_url, outputs, progress)
        return outputs


def destroy(endpoint_url: str, *, progress: Progress, cache: Path = CACHE) -> None:
    """Delete every stack, with what its buckets and tables hold. Raises DeployError."""
    with _Told(endpoint_url):
        emulator.require(endpoint_url)
        wanted = local_templates(cache)
        stacks = _stacks(endpoint_url)
        _delete(stacks, [stack.name for stack in reversed(wanted) if stacks.find(stack.name)], progress)


def is_current(endpoint_url: str, *, cache: Path = CACHE) -> bool:
    """Whether the stacks are what a deployment would make of the sources as they are now. Raises DeployError."""
    with _Told(endpoint_url):
        wanted = known_templates(cache)
        if wanted is None:
            return False
        return not plan(
            wanted, _found(_stacks(endpoint_url), wanted), {ENDPOINT_PARAMETER: endpoint_url}
        ).create


def main(arguments: Sequence[str] | None = None) -> int:
    """Deploy and print the outputs, or destroy; return 0, or 1 after one line that says what is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tidemark.local.deployment.deploy",
        description="Deploy to a LocalStack that is running.",
    )
    parser.add_argument("--endpoint", default=LOCAL_ENDPOINT, metavar="URL", help="default: %(default)s")
    parser.add_argument("--destroy", action="store_true", help="delete the stacks and all they hold")
    options = parser.parse_args(arguments)
    endpoint = options.endpoint.rstrip("/")
    try:
        if options.destroy:
            destroy(endpoint, progress=_print)
        else:
            for name, value in sorted(deploy(endpoint, progress=_print).items()):
                print(f"{name} = {value}")
    except DeployError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    return 0


class _Told:
    """Turns every failure that has an explanation into a DeployError of one line."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, EmulatorError | SynthError | StackError):
            raise DeployError(str(error)) from error
        if isinstance(error, BotoCoreError | ClientError):
            raise DeployError(f"LocalStack at {self._endpoint_url}: {error}") from error


def _stacks(endpoint_url: str) -> Stacks:
    return Stacks(emulator.client("cloudformation", endpoint_url), emulator.client("s3", endpoint_url))


def _apply(
    stacks: Stacks, wanted: Sequence[StackTemplate], parameters: dict[str, str], progress: Progress
) -> bool:
    decided = plan(wanted, _found(stacks, wanted), parameters)
    for stack in decided.keep:
        progress(f"{stack.name}: unchanged")
    if decided.destroy:
        progress(f"{' and '.join(decided.destroy)}: made again, because LocalStack cannot update a stack")
    _delete(stacks, decided.destroy, progress)
    for stack in decided.create:
        started = time.monotonic()
        stacks.create(stack, parameters_of(stack, parameters))
        progress(f"{stack.name}: created in {time.monotonic() - started:.1f} s")
    return bool(decided.create)


def _found(stacks: Stacks, wanted: Sequence[StackTemplate]) -> dict[str, Deployed]:
    there = ((stack.name, stacks.find(stack.name)) for stack in wanted)
    return {name: deployed for name, deployed in there if deployed is not None}


def _delete(stacks: Stacks, names: Sequence[str], progress: Progress) -> None:
    for name in names:
        started = time.monotonic()
        stacks.delete(name)
        progress(f"{name}: destroyed in {time.monotonic() - started:.1f} s")


def _has_totals(endpoint_url: str, outputs: dict[str, str]) -> bool:
    # A deployment that was cut off before it asked leaves everything unchanged and nothing tracked.
    answer = emulator.client("dynamodb", endpoint_url).get_item(
        TableName=outputs["LedgerTableName"], Key=totals_key(outputs["DataBucketName"]), ConsistentRead=True
    )
    return "Item" in answer


def _ask_for_baseline(endpoint_url: str, outputs: dict[str, str], progress: Progress) -> None:
    bucket = outputs["DataBucketName"]
    emulator.client("sqs", endpoint_url).send_message(
        QueueUrl=outputs["QueueUrl"], MessageBody=ReconcileRequest(bucket).to_json()
    )
    progress(f"asked for the baseline of {bucket}")


def _print(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
