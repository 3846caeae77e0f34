"""`make -s env`: prints the variables of the running environment for a shell, or runs a command with them."""

import os
from typing import Annotated

import typer

from tidemark.errors import CommandError
from tidemark.local.condition import running
from tidemark.local.state import DEFAULT, StateDirectory
from tidemark.local.up import ensure
from tidemark.local.variables import export_lines, merged
from tidemark.options import EnforceIam, LocalPort, RunMode, State


def command(
    *,
    command: Annotated[list[str] | None, typer.Argument(help="Run this with the variables instead.")] = None,
    state: State = DEFAULT,
    start: Annotated[bool, typer.Option("--start", help="Start an environment if none is up.")] = False,
    port: LocalPort = None,
    mode: RunMode = None,
    iam: EnforceIam = None,
) -> int:
    """Print the environment's variables for a shell, or run a command with them (`tidemark env -- pytest`)."""
    directory = StateDirectory.at(state)
    environment = ensure(directory, port, mode, iam) if start else running(directory)
    if command:
        try:
            os.execvpe(command[0], command, merged(os.environ, environment.variables))  # noqa: S606 - no shell
        except OSError as error:
            raise CommandError(f"cannot run {command[0]}: {error.strerror}") from error
    print(export_lines(environment.variables), end="")
    return 0
