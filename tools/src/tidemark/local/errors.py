"""How the local commands fail: one line that names the thing and the fix, and an exit code."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_ASKED_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class LocalError(Exception):
    """What the user asked for cannot be done; the message is one line that says why and what to do.

    `details`, often the end of a log, are printed above it.
    """

    def __init__(self, message: str, *, details: str = "") -> None:
        super().__init__(message)
        self.details = details


class Stopped(BaseException):
    """A signal asked us to stop; not an Exception, so that nothing on the way takes it for an error."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


def run(name: str, command: Callable[[], int]) -> int:
    """Run a command so that a signal raises Stopped in it, and turn how it ends into an exit code."""
    for number in _ASKED_TO_STOP:
        signal.signal(number, _raise_stopped)
    try:
        return command()
    except LocalError as error:
        if error.details:
            print(error.details, file=sys.stderr)
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        print(f"{name}: stopped by {stopped}", file=sys.stderr)
        return stopped.exit_code


@contextmanager
def unstoppable() -> Iterator[None]:
    """Let no signal interrupt what must be finished; what runs inside is bounded in time by itself."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _ASKED_TO_STOP}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise_stopped(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)
