"""`make -s env`: prints the variables of the running environment for a shell, or runs a command with them."""

import argparse
import os
import sys
from collections.abc import Sequence

from tidemark.local.condition import Kind, inspect
from tidemark.local.errors import LocalError, run
from tidemark.local.state import DEFAULT, Environment, StateDirectory
from tidemark.local.variables import export_lines, merged


def running(state: StateDirectory) -> Environment:
    """Return the environment that is up; LocalError, saying what to run, if none is."""
    condition = inspect(state)
    environment = state.environment()
    if condition.kind is Kind.UP and environment is not None:
        return environment
    why = f" ({'; '.join(condition.faults)})" if condition.faults else ""
    raise LocalError(f"no environment is up in {os.path.relpath(state.root)}{why}: run make local-up")


def execute(command: Sequence[str], environment: Environment) -> int:
    """Replace this process by a command that sees the environment's variables."""
    try:
        os.execvpe(command[0], list(command), merged(os.environ, environment.variables))  # noqa: S606 - no shell
    except OSError as error:
        raise LocalError(f"cannot run {command[0]}: {error.strerror}") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="env", description="Print the local environment's variables.")
    parser.add_argument("--state", default=DEFAULT, metavar="DIRECTORY", help="default: %(default)s")
    parser.add_argument(
        "command", nargs="*", metavar="-- COMMAND", help="run this with the variables instead"
    )
    options = parser.parse_args(arguments)

    def command() -> int:
        environment = running(StateDirectory.at(options.state))
        if options.command:
            return execute(options.command, environment)
        print(export_lines(environment.variables), end="")
        return 0

    return run("env", command)


if __name__ == "__main__":
    sys.exit(main())
