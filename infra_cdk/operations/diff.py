"""`make diff TARGET=`: what a deployment would change. It changes nothing itself."""

import argparse
import sys
from collections.abc import Sequence

from infra_cdk.operations import app_stacks
from infra_cdk.operations.account import caller_of, verify
from infra_cdk.operations.arguments import add_context, add_place
from infra_cdk.operations.deployment import Deployment, OperationError, operate, parser


def _operation(deployment: Deployment, options: argparse.Namespace) -> None:
    caller = caller_of(deployment)
    print(f"diff target {deployment.target}: account {caller.account}, region {caller.region}", flush=True)
    verify(caller, account=options.account, region=options.region)
    # By change sets on AWS, which know what is replaced; LocalStack's know of every parameter its default alone.
    method = ["--method=template"] if deployment.endpoint else []
    if code := app_stacks.run(deployment, ["diff", "**", *method], options.context):
        raise OperationError(f"cdk diff failed ({code}), its reason is above")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    made = parser("diff", "Show what a deployment would change.")
    add_place(made)
    add_context(made)
    return operate(made, arguments, _operation)


if __name__ == "__main__":
    sys.exit(main())
