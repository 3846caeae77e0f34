"""Runs a command inside an environment of its own on MiniStack: `python -m tests.substrates.ministack COMMAND`."""

import os
import sys

from tests.substrates.ministack.backend import MiniStack
from tidemark.errors import CommandError, Stopped, raise_on_signals
from tidemark.local.within import inside


def main() -> int:
    """Run the command and return its exit code."""
    if not (command := sys.argv[1:]):
        print("ministack: name a command, such as .venv/bin/python -m pytest tests/e2e", file=sys.stderr)
        return 2
    raise_on_signals()
    os.environ["TIDEMARK_SUBSTRATE"] = "ministack"
    try:
        return inside(MiniStack, command)
    except CommandError as error:
        print(*filter(None, (error.details, f"ministack: {error}")), sep="\n", file=sys.stderr)
        return 1
    except Stopped as stopped:
        return stopped.exit_code


if __name__ == "__main__":
    sys.exit(main())
