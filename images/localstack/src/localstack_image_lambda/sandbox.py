"""What a function runs in: one process, or one container. Whoever runs functions knows no more than this."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from localstack_image_lambda.output import Output


class SandboxError(Exception):
    """A sandbox could not be started; the message names what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a function's process ended: its exit status, or minus the number of the signal that ended it.

    `error_type` is what Lambda calls such an end; `reason` says more than the status where more is known.
    """

    status: int
    error_type: str = "Runtime.ExitError"
    reason: str = ""

    def describe(self) -> str:
        """Return the end in Lambda's words."""
        if self.reason:
            return self.reason
        if self.status == 0:
            return "Runtime exited without providing a reason"
        if self.status > 0:
            return f"Runtime exited with error: exit status {self.status}"
        name = signal.strsignal(-self.status) or str(-self.status)
        return f"Runtime exited with error: signal: {name.lower()}"


class Sandbox(Protocol):
    """One life of one function. It ends by itself or by `kill`; either way `on_exit` is called, once, at the end."""

    def start(self, runtime_api: str, on_exit: Callable[[Exit], None]) -> None:
        """Start the function's runtime, which polls the Runtime API at this host and port; SandboxError."""

    def kill(self) -> None:
        """End it and everything it started, and return when that is done. Calling it twice does no harm."""

    def drain(self) -> None:
        """Move what the function has written so far into the output it was given."""

    def peak_memory_bytes(self) -> int | None:
        """Return the most memory it has used so far, or None where that cannot be told."""


SandboxFactory = Callable[[Output], Sandbox]
"""Makes the sandbox for the next life of a function, which writes to the given output."""
