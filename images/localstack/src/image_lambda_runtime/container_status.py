"""Translates the exit status that the engine reports for a container."""

import signal

from image_lambda_runtime.sandbox import Exit

SIGNALLED = 128
"""An exit status above this is this number plus that of the signal that ended the process."""

_FATAL = {
    signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM
}  # fmt: skip


def exit_of(status: int) -> Exit:
    """Return how a container ended. The engine reports a signal as 128 plus its number."""
    number = status - SIGNALLED
    if number == signal.SIGKILL:  # only the kernel kills a container that is in use: it was out of memory
        return Exit(-number, "Runtime.OutOfMemory")
    return Exit(-number) if number in _FATAL else Exit(status)
