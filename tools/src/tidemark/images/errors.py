"""How the image commands fail: one line that names the thing and the fix, and an exit code."""

import sys
from collections.abc import Callable


class ImagesError(Exception):
    """What the user asked for cannot be done; the message is one line that says why and what to do.

    `details`, the end of a program's output, are printed above it.
    """

    def __init__(self, message: str, *, details: str = "") -> None:
        super().__init__(message)
        self.details = details


def run(name: str, command: Callable[[], None]) -> int:
    """Run a command and turn how it ends into an exit code, and its error into a line on stderr."""
    try:
        command()
    except ImagesError as error:
        if error.details:
            print(error.details, file=sys.stderr)
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return 130
    return 0
