"""Runs a command inside an environment of its own on MiniStack: `python -m tests.substrates.ministack pytest tests/e2e`."""

import os
import sys

from tests.substrates.ministack.backend import MiniStack
from tidemark.errors import CommandError, Stopped, raise_on_signals
from tidemark.local.within import inside


def main() -> int:
    """Run the command and return its exit code."""
    raise_on_signals()
    os.environ["TIDEMARK_SUBSTRATE"] = "ministack"
    try:
        return inside(MiniStack, sys.argv[1:])
    except CommandError as error:
        print(f"{error.details}\nministack: {error}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        return stopped.exit_code


if __name__ == "__main__":
    sys.exit(main())
