"""`make local-down`: stops what `local-up` started, and makes sure that no process and no port of it is left."""

import os
import shlex
from typing import Annotated

import typer

from tidemark.checkout import ROOT
from tidemark.errors import CommandError, unstoppable
from tidemark.local import processes
from tidemark.local.condition import Kind, inspect
from tidemark.local.progress import Progress
from tidemark.local.starting import stop
from tidemark.local.state import DEFAULT, StateDirectory
from tidemark.options import State


def down(state: StateDirectory) -> int:
    """Stop the environment, remove its state and tell the user; return the exit code. Raises CommandError."""
    where = os.path.relpath(state.root)
    if not state.root.exists() and not processes.find(state):
        print(f"local-down: nothing is running in {where}")
        return 0
    with state.alone(), unstoppable():
        was_empty = state.is_empty()
        stopped, removed = stop(state, Progress().say)
        state.remove()
    if was_empty and not stopped and not removed:
        print(f"local-down: nothing is running in {where}")
    elif removed:
        print(f"local-down: {removed} containers removed, no container, no network and no port is left")
    else:
        print(f"local-down: {stopped} processes stopped, no process and no port is left")
    return 0


def refuse_others() -> int:
    """Raise CommandError if any environment is left whose programs or records `make clean` would remove; else return 0."""
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
