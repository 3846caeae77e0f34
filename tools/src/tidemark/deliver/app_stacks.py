"""The CDK's command line at work on one deployment: with its settings, and reaching the very account that was agreed."""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import NoCredentialsError

from infra_cdk.settings import ENDPOINT_PARAMETER, Settings, SettingsError, settings_from
from tidemark.aws.deployment import Deployment
from tidemark.aws.stacks import WELL, prefix, stacks_of
from tidemark.deliver import command_line
from tidemark.errors import CommandError
from tidemark.local.emulator import KEY_ID, REGION, SECRET
from tidemark.local.variables import merged

_OTHER_CREDENTIALS = frozenset(
    {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"}
)


def of_target(deployment: Deployment) -> str:
    """Return the pattern that selects the target's stacks for the command line."""
    return f"Tidemark-{deployment.target}/*"


def path(deployment: Deployment, stack: str) -> str:
    """Return how the command line calls one of the target's stacks."""
    return f"Tidemark-{deployment.target}/{stack.removeprefix(prefix(deployment.target))}"


def settings_of(deployment: Deployment, context: Sequence[str]) -> Settings:
    """Return the settings that the app comes to with `key=value` pairs. Raises CommandError for one that it refuses."""
    pairs = [pair.partition("=") for pair in ("target=" + deployment.target, *context)]
    for key, equals, _ in pairs:
        if not key or not equals:
            raise CommandError(f"CONTEXT holds '{key}', which is not of the form key=value")
    in_file: dict[str, Any] = json.loads((command_line.HERE / "cdk.json").read_text(encoding="utf-8"))[
        "context"
    ]
    try:
        return settings_from(in_file | {key: value for key, _, value in pairs})
    except SettingsError as error:
        raise CommandError(str(error)) from error


def run(deployment: Deployment, command: Sequence[str], context: Sequence[str]) -> int:
    """Run the command line for the deployment, `context` being `key=value` pairs; return its exit code."""
    settings = [part for pair in (f"target={deployment.target}", *context) for part in ("-c", pair)]
    return command_line.run([*command, *settings, "--ci"], variables(deployment))


def require(deployment: Deployment, command: Sequence[str], context: Sequence[str]) -> None:
    """Run it as `run` does. Raises CommandError where it fails, naming the stacks that are stuck."""
    if code := run(deployment, command, context):
        unwell = "; ".join(
            f"{stack.name} is {stack.status}: make recover TARGET={deployment.target} STACK={stack.name}"
            for stack in stacks_of(deployment)
            if stack.status not in WELL
        )
        raise CommandError(
            f"cdk {command[0]} failed ({code}), its reason is above; {unwell or 'every stack is as it was'}"
        )


def differ(deployment: Deployment, stacks: Sequence[str], context: Sequence[str]) -> bool:
    """Show how deployed stacks, by their paths, differ from the app; return whether they do.

    Raises CommandError where the app cannot be synthesized: to the command line's `diff` that is as a difference is.
    """
    with tempfile.TemporaryDirectory(prefix="tidemark-synth-") as assembly:
        require(deployment, ["synth", "--quiet", "--output", assembly], context)
        compared = ["diff", *stacks, "--app", assembly, "--fail", "--method=template"]
        return run(deployment, compared, context) != 0


def endpoint_parameter(deployment: Deployment) -> list[str]:
    """Return the arguments by which a local stack is told where its LocalStack is; none on AWS."""
    if deployment.endpoint is None:
        return []
    return [
        "--parameters",
        f"Tidemark-{deployment.target}-LambdaStack:{ENDPOINT_PARAMETER}={deployment.endpoint}",
    ]


def variables(deployment: Deployment) -> dict[str, str]:
    """Return a program's variables for the deployment's account and region.

    The credentials are passed on as they are, not by their profile: what was verified is what is used. Raises
    NoCredentialsError or NoRegionError.
    """
    if deployment.endpoint:
        return merged(os.environ, _local(deployment.endpoint))
    found = deployment.session.get_credentials()
    if found is None:
        raise NoCredentialsError
    credentials = found.get_frozen_credentials()
    if credentials.access_key is None or credentials.secret_key is None:
        raise NoCredentialsError
    return {
        **{name: value for name, value in os.environ.items() if name not in _OTHER_CREDENTIALS},
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        **({"AWS_SESSION_TOKEN": credentials.token} if credentials.token else {}),
        "AWS_REGION": deployment.region,
        "AWS_DEFAULT_REGION": deployment.region,
    }


def _local(endpoint: str) -> Mapping[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
