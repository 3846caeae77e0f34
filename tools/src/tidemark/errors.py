"""How a command fails: with one line that names the thing and the fix, and an exit code.

Used on a bare Python (standard library only), before anything is installed.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class CommandError(Exception):
    """The command cannot do what was asked; the message is one line that says why and what to do.

    `details`, often the end of a log, are printed above it.
    """

    def __init__(self, message: str, *, details: str = "") -> None:
        super().__init__(message)
        self.details = details


class Stopped(BaseException):
    """A signal stopped the command. It is not an Exception, so that no handler mistakes it for an error."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


def raise_on_signals() -> None:
    """Raise Stopped in the main thread when the user, or the system, asks the process to end."""
    for number in _STOP_SIGNALS:
        signal.signal(number, _raise_stopped)


@contextmanager
def unstoppable() -> Iterator[None]:
    """Ignore those signals while something is finished. The caller bounds how long that takes."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def goes_on_by_itself() -> Iterator[None]:
    """Have a signal say that the work in this block goes on: AWS does it, and the command only watches."""
    try:
        yield
    except Stopped as stopped:
        stopped.add_note("what was asked for goes on without being watched")
        raise


def flat(error: BaseException) -> str:
    """Return what an error says, on one line."""
    return " ".join(str(error).split()).rstrip(".")


def _raise_stopped(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)
