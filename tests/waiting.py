"""Waits for something to happen. Every test, stand-in and benchmark waits by these functions."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
_LOG_LINES = 12


def until(
    condition: Callable[[], T], what: str | Callable[[], str], *, seconds: float = 120, pause: float = 0.05
) -> T:
    """Call a condition until its result is true, and return that. Raises AssertionError, with `what`, after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(
                f"after {seconds:g} s still not: {what if isinstance(what, str) else what()}"
            )
        time.sleep(pause)
    return result


def until_it_answers(
    process: subprocess.Popen[bytes],
    answers: Callable[[], bool],
    *,
    what: str,
    log: Path,
    seconds: float = 60,
) -> str | None:
    """Wait until a process that was just started answers. Return None, or why it does not: the end of its log."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        if answers():
            return None
        time.sleep(0.1)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
    return f"{what} did not start; its log ends:\n{tail}"
