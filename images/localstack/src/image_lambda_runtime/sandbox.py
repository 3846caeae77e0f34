"""The interface of a sandbox in which a function runs: one process, or one container."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from image_lambda_runtime.output import Output


class SandboxError(Exception):
    """A sandbox could not be started. The message names the fault and the fix."""


@dataclass(frozen=True, slots=True)
class Exit:
    """The end of a function's process: its exit status, or minus the number of the signal that ended it.

    `error_type` is Lambda's name for such an end. `reason` is a better description than the status, if there is one.
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
    """One process or container of a function. It ends by itself or by `kill`, and then calls `on_exit` once."""

    def start(self, runtime_api: str, on_exit: Callable[[Exit], None]) -> None:
        """Start the function's runtime, which polls the Runtime API at this host and port. Raises SandboxError."""

    def kill(self) -> None:
        """End it and everything that it started, then return. A second call does nothing."""

    def drain(self) -> None:
        """Move everything that the function has written so far into its output."""

    def peak_memory_bytes(self) -> int | None:
        """Return the peak memory use so far, or None if it is unknown."""


SandboxFactory = Callable[[Output], Sandbox]
"""Makes the sandbox for a function's next process, which writes to the given output."""
