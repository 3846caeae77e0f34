"""Where an environment runs, or is to run: in Docker or as processes of this machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tidemark.errors import CommandError
from tidemark.local import compose
from tidemark.local import engine as engines
from tidemark.local.backend import Backend
from tidemark.local.containers import Containers
from tidemark.local.embedded import Processes
from tidemark.local.engine import NoEngineError
from tidemark.local.state import StateDirectory
from tidemark.options import Iam, Mode


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to run an environment, and the reason in a line for the user."""

    backend: Backend
    why: str


def backend_of(state: StateDirectory) -> Backend:
    """Return what runs the environment of a state directory."""
    record = state.compose()
    return Containers(state, record) if record else Processes(state)


def choose(
    state: StateDirectory,
    wanted: Mode | None,
    environ: Mapping[str, str] = os.environ,
    *,
    iam: Iam = Iam.ROLES,
) -> Choice:
    """Decide what is to run a new environment: Docker if an engine answers, unless a mode is wanted.

    Raises CommandError if MODE=docker cannot be.
    """
    embedded = Processes(state, iam)
    if wanted is Mode.EMBEDDED:
        return Choice(embedded, "MODE=embedded")
    try:
        engine = engines.find(environ)
        compose.command(environ)
    except NoEngineError as error:
        if wanted is Mode.DOCKER:
            raise CommandError(
                f"MODE=docker: {error}: start one, set DOCKER_HOST, or take MODE=embedded"
            ) from error
        return Choice(embedded, str(error))
    except CommandError as error:
        if wanted is Mode.DOCKER:
            raise
        return Choice(embedded, str(error))
    why = "MODE=docker" if wanted else "an engine answers there; MODE=embedded does without"
    return Choice(Containers.new(state, engine.host, iam), f"{engine.socket}, {why}")
