"""Runs a command inside an environment of its own: `tidemark within -- pytest …`.

The environment has its own ports and a temporary state directory. However the command ends, nothing of it stays.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from tidemark.errors import CommandError, Stopped, unstoppable
from tidemark.local import processes
from tidemark.local.backend import Backend
from tidemark.local.embedded import Processes
from tidemark.local.ports import free_port
from tidemark.local.state import Environment, StateDirectory
from tidemark.local.up import start
from tidemark.local.variables import merged
from tidemark.options import Iam
from tidemark.progress import Progress

COMMAND_GRACE_SECONDS = 30.0


def command(
    command: Annotated[list[str], typer.Argument(help="What to run, after --.")],
    *,
    iam: Annotated[Iam, typer.Option("--iam", help="Whose permissions it checks.")] = Iam.STRICT,
) -> int:
    """Run a command inside an environment of its own, which goes when the command ends."""
    return inside(lambda state: Processes(state, iam), command)


def inside(backend_in: Callable[[StateDirectory], Backend], command: Sequence[str]) -> int:
    """Run a command inside an environment of its own kind, and return the exit code. Raises CommandError."""
    with tempfile.TemporaryDirectory(prefix="tidemark-", ignore_cleanup_errors=True) as directory:
        state = StateDirectory.at(directory)
        print("within: starting an environment for this command alone", file=sys.stderr, flush=True)
        backend, progress = backend_in(state), Progress()
        backend.prepare(progress)
        environment = start(state, backend, free_port(), progress)
        try:
            return _run(command, environment)
        finally:
            with unstoppable():
                print(f"within: {backend.stop(progress.say)}", file=sys.stderr)


def _run(command: Sequence[str], environment: Environment) -> int:
    variables = merged(os.environ, environment.variables)
    variables.pop(processes.MARK, None)  # the command is a guest, not a part of the environment
    try:
        process = subprocess.Popen(command, env=variables)
    except OSError as error:
        raise CommandError(f"cannot run {command[0]}: {error.strerror}") from error
    try:
        code = process.wait()
    except Stopped as stopped:
        with unstoppable():
            _end(process, stopped.exit_code - 128)
        raise
    return code if code >= 0 else 128 - code


def _end(process: subprocess.Popen[bytes], number: int) -> None:
    if number != signal.SIGINT:  # a terminal's Ctrl-C reaches the command by itself
        process.send_signal(number)
    try:
        process.wait(COMMAND_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
