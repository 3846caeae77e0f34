"""`make -s env`: prints the variables of the running environment for a shell, or runs a command with them."""

import os
from collections.abc import Sequence
from typing import Annotated

import typer

from tidemark.errors import CommandError
from tidemark.local.condition import running
from tidemark.local.state import DEFAULT, Environment, StateDirectory
from tidemark.local.up import ensure
from tidemark.local.variables import export_lines, merged
from tidemark.options import LocalPort, RunMode, State


def execute(command: Sequence[str], environment: Environment) -> int:
    """Replace this process by a command that sees the environment's variables."""
    try:
        os.execvpe(command[0], list(command), merged(os.environ, environment.variables))  # noqa: S606 - no shell
    except OSError as error:
        raise CommandError(f"cannot run {command[0]}: {error.strerror}") from error


def command(
    *,
    command: Annotated[list[str] | None, typer.Argument(help="Run this with the variables instead.")] = None,
    state: State = DEFAULT,
    start: Annotated[bool, typer.Option("--start", help="Start an environment if none is up.")] = False,
    port: LocalPort = None,
    mode: RunMode = None,
) -> int:
    """Print the environment's variables for a shell, or run a command with them (`tidemark env -- pytest`)."""
    directory = StateDirectory.at(state)
    environment = ensure(directory, port, mode) if start else running(directory)
    if command:
        return execute(command, environment)
    print(export_lines(environment.variables), end="")
    return 0
