"""`make bootstrap TARGET=`: prepares the account and region for the CDK, once, with what its deployments need."""

from tidemark.aws.account import agree
from tidemark.deliver import cdk
from tidemark.errors import CommandError
from tidemark.local.state import DEFAULT
from tidemark.options import Account, Region, State, Target
from tidemark.targets import find_deployment


def command(
    *, target: Target = "local", state: State = DEFAULT, account: Account = None, region: Region = None
) -> None:
    """Prepare an account and region for the CDK, once."""
    deployment = find_deployment(target, state)
    caller = agree(deployment, "bootstrap", account=account, region=region)
    environment = f"aws://{caller.account}/{caller.region}"
    if code := cdk.run(["bootstrap", environment, "--ci"], cdk.variables(deployment)):
        raise CommandError(f"cdk bootstrap {environment} failed ({code}), its reason is above")
    print(f"next: make deploy TARGET={deployment.target}")
