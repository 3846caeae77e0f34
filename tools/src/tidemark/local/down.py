"""`make local-down`: stops what `local-up` started, and makes sure that no process and no port of it is left."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence

from tidemark.checkout import ROOT
from tidemark.local import processes
from tidemark.local.condition import Kind, inspect
from tidemark.local.errors import LocalError, run, unstoppable
from tidemark.local.progress import Progress
from tidemark.local.starting import stop
from tidemark.local.state import DEFAULT, StateDirectory


def down(state: StateDirectory) -> int:
    """Stop the environment, remove its state and tell the user; return the exit code. Raises LocalError."""
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
    """Raise LocalError if any environment is left whose programs or records `make clean` would remove; else return 0."""
    left = processes.states_running(ROOT / ".venvs")
    default = StateDirectory.at(str(ROOT / DEFAULT))
    if inspect(default).kind is not Kind.ABSENT:
        left.add(str(default.root))
    if left:
        where = os.path.relpath(min(left))
        raise LocalError(
            f"an environment is still there, in {where}: run make local-down STATE={shlex.quote(where)} first"
        )
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="local-down", description="Stop the local environment.")
    parser.add_argument("--state", default=DEFAULT, metavar="DIRECTORY", help="default: %(default)s")
    parser.add_argument("--others", action="store_true", help="stop nothing; fail if another one is left")
    options = parser.parse_args(arguments)
    if options.others:
        return run("clean", refuse_others)
    return run("local-down", lambda: down(StateDirectory.at(options.state)))


if __name__ == "__main__":
    sys.exit(main())
