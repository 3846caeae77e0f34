"""How a benchmark runs as a command: typer reads its options, and an error that can be foreseen is one line."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from tests.e2e.environment import NoEnvironmentError
from tests.engine import EngineError
from tidemark.errors import CommandError

Dry = Annotated[bool, typer.Option("--dry", help="Print only, and leave the pages in docs/ as they are.")]


def run(main: Callable[..., None]) -> NoReturn:
    """Run a function whose parameters are the command line's options, and exit."""
    try:
        typer.run(main)
    except (CommandError, EngineError, NoEnvironmentError) as error:
        print(getattr(error, "details", ""), end="", file=sys.stderr)
        sys.exit(f"{Path(sys.argv[0]).stem}: {error}")
    raise AssertionError("typer.run exits")


def say(text: str) -> None:
    """Print progress on standard error."""
    print(text, file=sys.stderr, flush=True)
