"""Where the environment is to run, in Docker or as processes of this machine, and why."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tidemark.errors import CommandError
from tidemark.local import compose, containers
from tidemark.local import engine as engines
from tidemark.local.engine import Engine, NoEngineError


class Mode(Enum):
    """What MODE= may say."""

    EMBEDDED = "embedded"
    DOCKER = "docker"


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine to use, or None for processes of this machine, and the reason in a line for the user."""

    engine: Engine | None
    why: str


def choose(
    asked: Mode | None, root: Path, say: Callable[[str], None], environ: Mapping[str, str] = os.environ
) -> Choice:
    """Decide where to run, and build the images if it is in Docker.

    Without a mode it is Docker wherever an engine answers and the images can be built. CommandError if MODE=docker
    cannot be.
    """
    if asked is Mode.EMBEDDED:
        return Choice(None, "MODE=embedded")
    try:
        engine = engines.find(environ)
        _prepare(root, engine, say, environ)
    except (NoEngineError, CommandError) as error:
        if asked is Mode.DOCKER:
            fix = "start one, set DOCKER_HOST, or take MODE=embedded"
            text = f"MODE=docker: {error}: {fix}" if isinstance(error, NoEngineError) else str(error)
            raise CommandError(text, details=getattr(error, "details", "")) from error
        return Choice(None, str(error))
    why = "MODE=docker" if asked else "an engine answers there; MODE=embedded does without"
    return Choice(engine, f"{engine.socket}, {why}")


def _prepare(root: Path, engine: Engine, say: Callable[[str], None], environ: Mapping[str, str]) -> None:
    compose.command(environ)
    containers.build(root, engine, say, environ)
