"""The CDK's own command line, in the version that package-lock.json pins, on the node that comes from PyPI.

It also becomes `.venv/bin/cdk`, so that in an activated environment a plain `cdk synth`, `cdk diff`, `cdk deploy '**'` or
`cdk destroy '**'` works from infra_cdk/.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from infra_cdk.settings import Settings, SettingsError, context_of, settings_from
from tidemark.aws.deployment import Deployment
from tidemark.aws.stacks import WELL
from tidemark.checkout import ROOT
from tidemark.errors import CommandError
from tidemark.local.variables import aws_variables, merged
from tidemark.node import node, npm_ci

HERE = ROOT / "infra_cdk"
"""infra_cdk/, where cdk.json and package-lock.json are."""
_OTHER_CREDENTIALS = frozenset(
    {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"}
)


def install(directory: Path = HERE, bin_directory: Path = Path(sys.prefix) / "bin") -> Path:
    """Install what `directory`/package-lock.json pins, unless it is there; return the `cdk` put beside the interpreter.

    Raises CommandError with npm's reason.
    """
    npm_ci(directory, "the CDK's command line")
    link, entry = bin_directory / "cdk", directory / "node_modules" / "aws-cdk" / "bin" / "cdk"
    script = f'#!/bin/sh\nexec {shlex.join([str(node()), str(entry)])} "$@"\n'
    if not link.exists() or link.read_text(encoding="utf-8") != script:
        draft = link.with_name(f".cdk-{os.getpid()}")
        draft.write_text(script, encoding="utf-8")
        draft.chmod(0o755)
        draft.replace(link)
    return link


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the command line in infra_cdk/ with these variables, its output to ours; return its exit code."""
    return subprocess.run([install(), *arguments], cwd=HERE, env=dict(environ), check=False).returncode


def run_for(deployment: Deployment, arguments: Sequence[str], context: Sequence[str] = ()) -> int:
    """Run the command line for a deployment with `key=value` settings; return its exit code."""
    settings = [part for pair in (f"target={deployment.target}", *context) for part in ("-c", pair)]
    return run([*arguments, *settings, "--ci"], variables(deployment))


def require(deployment: Deployment, arguments: Sequence[str], context: Sequence[str] = ()) -> None:
    """Run it as `run_for` does. Raises CommandError if it fails, naming the stacks that are stuck."""
    if code := run_for(deployment, arguments, context):
        unwell = "; ".join(
            f"{stack.name} is {stack.status}: make recover TARGET={deployment.target} STACK={stack.name}"
            for stack in deployment.stacks()
            if stack.status not in WELL
        )
        raise CommandError(
            f"cdk {arguments[0]} failed ({code}), its reason is above; {unwell or 'every stack is as it was'}"
        )


def differ(deployment: Deployment, context: Sequence[str] = ()) -> bool:
    """Show how the target's existing stacks differ from the app; return whether they do.

    Raises CommandError if the app cannot be synthesized: `cdk diff` would report that like a difference.
    """
    own = deployment.stack_name("")
    paths = [deployment.stack_name(stack.name.removeprefix(own), "/") for stack in deployment.stacks()]
    if not paths:
        return False
    with tempfile.TemporaryDirectory(prefix="tidemark-synth-") as assembly:
        require(deployment, ["synth", "--quiet", "--output", assembly], context)
        compared = ["diff", *paths, "--app", assembly, "--fail", "--method=template"]
        return run_for(deployment, compared, context) != 0


def settings_of(deployment: Deployment, context: Sequence[str] = ()) -> Settings:
    """Return the settings that `key=value` pairs on top of cdk.json give. Raises CommandError for a wrong one."""
    pairs = [pair.partition("=") for pair in (f"target={deployment.target}", *context)]
    for key, equals, _ in pairs:
        if not key or not equals:
            raise CommandError(f"CONTEXT holds '{key}', which is not of the form key=value")
    try:
        return settings_from(context_of(HERE) | {key: value for key, _, value in pairs})
    except SettingsError as error:
        raise CommandError(str(error)) from error


def variables(deployment: Deployment) -> dict[str, str]:
    """Return a program's variables for the deployment's account and region.

    They hold the credentials themselves rather than a profile's name: those that were verified are used.
    Raises NoCredentialsError or NoRegionError.
    """
    if deployment.endpoint:
        no_files = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
        return merged(os.environ, aws_variables(deployment.endpoint) | no_files)
    credentials: Any = deployment.credentials().get_frozen_credentials()
    return {
        **{name: value for name, value in os.environ.items() if name not in _OTHER_CREDENTIALS},
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        **({"AWS_SESSION_TOKEN": credentials.token} if credentials.token else {}),
        "AWS_REGION": deployment.region,
        "AWS_DEFAULT_REGION": deployment.region,
    }


def command(
    arguments: Annotated[list[str] | None, typer.Argument(help="Its own arguments, after --.")] = None,
) -> int:
    """Run the CDK's pinned command line with the shell's variables (`tidemark cdk -- list --long`)."""
    return run(arguments or [], os.environ)
