"""Which deployment a command works on: that of AWS, or that of the local environment."""

from infra_cdk.settings import TARGETS
from tidemark.aws.deployment import Deployment
from tidemark.errors import CommandError
from tidemark.local.condition import running
from tidemark.local.state import StateDirectory


def find_deployment(target: str, state: str) -> Deployment:
    """Return a target's deployment; that of `local` runs in the environment of a state directory.

    Raises CommandError if there is no such target or environment, and NoRegionError.
    """
    if target not in TARGETS:
        raise CommandError(f"unknown target '{target}': it is one of {', '.join(TARGETS)}")
    deployment = Deployment(target, running(StateDirectory.at(state)).endpoint if target == "local" else None)
    _ = deployment.region
    return deployment
