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
from tidemark.local.state import DEFAULT, StateDirectory
from tidemark.options import State
from tidemark.progress import Progress


def command(
    *,
    state: State = DEFAULT,
    others: Annotated[
        bool, typer.Option("--others", help="Stop nothing; fail if another one is left.")
    ] = False,
) -> int:
    """Stop the local environment; no process and no port is left."""
    if others:
        _refuse_others()
        return 0
    directory = StateDirectory.at(state)
    stopped = ""
    if directory.root.exists() or processes.find(directory):
        with directory.alone(), unstoppable():
            was_empty = directory.is_empty()
            stopped = backend_of(directory).stop(Progress().say)
            directory.remove()
        if not was_empty and not stopped:
            stopped = "0 processes stopped, no process and no port is left"
    print(f"local-down: {stopped or f'nothing is running in {os.path.relpath(directory.root)}'}")
    return 0


def _refuse_others() -> None:
    """Raise CommandError if an environment is left whose programs or records `make clean` would remove."""
    left = processes.states_running(ROOT / ".venvs")
    default = StateDirectory.at(str(ROOT / DEFAULT))
    if inspect(default).kind is not Kind.ABSENT:
        left.add(str(default.root))
    if left:
        where = os.path.relpath(min(left))
        raise CommandError(
            f"an environment is still there, in {where}: run make local-down STATE={shlex.quote(where)} first"
        )
