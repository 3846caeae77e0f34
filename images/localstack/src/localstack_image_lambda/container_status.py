"""How a container ended, by the one number that the engine reports."""

import signal

from localstack_image_lambda.sandbox import Exit

SIGNALLED = 128
"""An exit status beyond this is the number of the signal that ended the process, and this."""

_FATAL = {
    signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM
}  # fmt: skip


def exit_of(status: int) -> Exit:
    """Return how a container ended, by the status that the engine reports: signals are 128 and their number."""
    number = status - SIGNALLED
    if number == signal.SIGKILL:  # nobody but the kernel kills it while it is wanted: it was out of memory
        return Exit(-number, "Runtime.OutOfMemory")
    return Exit(-number) if number in _FATAL else Exit(status)
