"""`make -s env`: prints the variables of the running environment for a shell, or runs a command with them."""

import os
from collections.abc import Sequence
from typing import Annotated

import typer

from tidemark.errors import CommandError
from tidemark.local.condition import Kind, inspect
from tidemark.local.state import DEFAULT, Environment, StateDirectory
from tidemark.local.variables import export_lines, merged
from tidemark.options import State


def running(state: StateDirectory) -> Environment:
    """Return the environment that is up; CommandError, saying what to run, if none is."""
    condition = inspect(state)
    environment = state.environment()
    if condition.kind is Kind.UP and environment is not None:
        return environment
    why = f" ({'; '.join(condition.faults)})" if condition.faults else ""
    raise CommandError(f"no environment is up in {os.path.relpath(state.root)}{why}: run make local-up")


def execute(command: Sequence[str], environment: Environment) -> int:
    """Replace this process by a command that sees the environment's variables."""
    try:
        os.execvpe(command[0], list(command), merged(os.environ, environment.variables))  # noqa: S606 - no shell
    except OSError as error:
        raise CommandError(f"cannot run {command[0]}: {error.strerror}") from error


def command(
    command: Annotated[list[str] | None, typer.Argument(help="Run this with the variables instead.")] = None,
    state: State = DEFAULT,
) -> int:
    """Print the environment's variables for a shell, or run a command with them (`tidemark env -- pytest`)."""
    environment = running(StateDirectory.at(state))
    if command:
        return execute(command, environment)
    print(export_lines(environment.variables), end="")
    return 0
