"""`make local-down`: stops what `local-up` started, and makes sure that no process and no port of it is left."""

import os
import shlex
from typing import Annotated

import typer

from tidemark.checkout import ROOT
from tidemark.errors import CommandError, unstoppable
from tidemark.local import processes
from tidemark.local.condition import Kind, inspect
from tidemark.local.mode import backend_of
from tidemark.local.progress import Progress
from tidemark.local.state import DEFAULT, StateDirectory
from tidemark.options import State


def down(state: StateDirectory) -> int:
    """Stop the environment, remove its state and tell the user; return the exit code. Raises CommandError."""
    stopped = ""
    if state.root.exists() or processes.find(state):
        with state.alone(), unstoppable():
            was_empty = state.is_empty()
            stopped = backend_of(state).stop(Progress().say)
            state.remove()
        if not was_empty and not stopped:
            stopped = "0 processes stopped, no process and no port is left"
    print(f"local-down: {stopped or f'nothing is running in {os.path.relpath(state.root)}'}")
    return 0


def refuse_others() -> int:
    """Return 0, or raise CommandError if an environment is left whose programs or records `make clean` would remove."""
    left = processes.states_running(ROOT / ".venvs")
    default = StateDirectory.at(str(ROOT / DEFAULT))
    if inspect(default).kind is not Kind.ABSENT:
        left.add(str(default.root))
    if left:
        where = os.path.relpath(min(left))
        raise CommandError(
            f"an environment is still there, in {where}: run make local-down STATE={shlex.quote(where)} first"
        )
    return 0


def command(
    *,
    state: State = DEFAULT,
    others: Annotated[
        bool, typer.Option("--others", help="Stop nothing; fail if another one is left.")
    ] = False,
) -> int:
    """Stop the local environment; no process and no port is left."""
    return refuse_others() if others else down(StateDirectory.at(state))
