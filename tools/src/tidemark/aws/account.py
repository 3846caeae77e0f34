"""The account and region that a command would change. Nothing is changed before they are agreed."""

import sys
from dataclasses import dataclass

from botocore.exceptions import ClientError

from tidemark.aws.deployment import Deployment
from tidemark.aws.refusals import code_of
from tidemark.errors import CommandError

BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
"""Where `cdk bootstrap` notes its version; hnb659fds is the CDK's default qualifier."""
BOOTSTRAP_VERSION = 6
"""The lowest version that the CDK's default synthesizer accepts."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The account (12 digits), the region that calls go to, and the ARN of the identity."""

    account: str
    region: str
    arn: str

    @property
    def partition(self) -> str:
        """The partition of the account: aws, aws-cn or aws-us-gov."""
        return self.arn.split(":")[1]


def caller_of(deployment: Deployment) -> Caller:
    """Ask AWS who is calling. Raises BotoCoreError or ClientError if the credentials are no good."""
    answer = deployment.client("sts").get_caller_identity()
    return Caller(answer["Account"], deployment.region, answer["Arn"])


def say_where(deployment: Deployment, what: str, *, account: str | None, region: str | None) -> Caller:
    """Print where `what` happens and return it. Raises CommandError unless the user means this account and region."""
    caller = caller_of(deployment)
    place = f"account {caller.account}, region {caller.region}, as {caller.arn}"
    where = f"LocalStack at {deployment.endpoint}, {place}" if deployment.endpoint else place
    print(f"{what} target {deployment.target}: {where}", flush=True)
    if account and account != caller.account:
        raise CommandError(
            f"wrong account: the credentials are for {caller.account} ({caller.arn}), not for {account}: "
            "choose others (AWS_PROFILE) or correct ACCOUNT="
        )
    if region and region != caller.region:
        raise CommandError(
            f"wrong region: {caller.region} is set, not {region}: AWS_REGION={region} or correct REGION="
        )
    return caller


def agree(deployment: Deployment, what: str, *, account: str | None, region: str | None) -> Caller:
    """Print where `what` would happen, and return it once the user has named it or agreed to it at the terminal.

    LocalStack needs no agreement. Raises CommandError for another account or region, and if nobody says which are meant.
    """
    caller = say_where(deployment, what, account=account, region=region)
    if deployment.endpoint or (account and region):
        return caller
    if not sys.stdin.isatty():
        raise CommandError(
            "nobody said that this account and region are meant: "
            f"ACCOUNT={caller.account} REGION={caller.region}, if they are"
        )
    if input(f"{what} there? The account's number says yes: ").strip() != caller.account:
        raise CommandError("nothing was done")
    return caller


def require_bootstrap(deployment: Deployment, caller: Caller) -> None:
    """Raise CommandError unless the account is bootstrapped for the CDK in this region."""
    fix = f"make bootstrap TARGET={deployment.target}"
    try:
        found = deployment.client("ssm").get_parameter(Name=BOOTSTRAP_PARAMETER)
        version = int(found["Parameter"]["Value"])
    except ClientError as error:
        if code_of(error) != "ParameterNotFound":
            raise
        where = f"account {caller.account} is not bootstrapped for the CDK in region {caller.region}"
        raise CommandError(f"{where}: {fix}") from error
    if version < BOOTSTRAP_VERSION:
        where = f"the CDK's bootstrap of account {caller.account} in region {caller.region}"
        raise CommandError(f"{where} is version {version}, and {BOOTSTRAP_VERSION} is needed: {fix}")
