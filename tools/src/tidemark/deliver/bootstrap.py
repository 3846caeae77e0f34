"""`make bootstrap TARGET=`: prepares the account and region for the CDK, once, with what its deployments need."""

import argparse
import sys
from collections.abc import Sequence

from tidemark.aws.account import agree
from tidemark.aws.arguments import add_place
from tidemark.aws.deployment import Deployment, operate, parser
from tidemark.deliver import app_stacks, command_line
from tidemark.errors import CommandError


def _operation(deployment: Deployment, options: argparse.Namespace) -> None:
    caller = agree(deployment, "bootstrap", account=options.account, region=options.region)
    environment = f"aws://{caller.account}/{caller.region}"
    if code := command_line.run(["bootstrap", environment, "--ci"], app_stacks.variables(deployment)):
        raise CommandError(f"cdk bootstrap {environment} failed ({code}), its reason is above")
    print(f"next: make deploy TARGET={deployment.target}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    made = parser("bootstrap", "Prepare an account and region for the CDK.")
    add_place(made)
    return operate(made, arguments, _operation)


if __name__ == "__main__":
    sys.exit(main())
