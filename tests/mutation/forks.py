"""Runs work in forked processes, a few at a time, each with a limit of time."""

import contextlib
import os
import resource
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

KILLED, SURVIVED = 1, 0
MAX_MEMORY = 4 << 30
"""A mutant that never ends must not take all memory."""
MAX_SECONDS = 600
"""A mutant that waits without end is killed after this long."""


@dataclass(frozen=True)
class Fork:
    """A process that is at work: when it must have ended, and what to do with its result."""

    until: float
    done: Callable[[bool], None]


def run_all(work: Iterable[tuple[Callable[[], bool], Callable[[bool], None]]], processes: int) -> None:
    """Run each piece of work in a process of its own: (work, what takes its result).

    Work that raises, that is killed or that takes too long counts as False.
    """
    going: dict[int, Fork] = {}
    for do, done in work:
        while len(going) >= processes:
            _wait(going)
        going[_start(do)] = Fork(time.monotonic() + MAX_SECONDS, done)
    while going:
        _wait(going)


def _start(do: Callable[[], bool]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = KILLED
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for number in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        code = SURVIVED if do() else KILLED
    except BaseException:  # noqa: BLE001, S110 - whatever it is, the mutant did not survive it
        pass
    os._exit(code)


def _wait(going: dict[int, Fork]) -> None:
    """Wait until a process has ended, and kill those that take too long."""
    while True:
        for pid, fork in list(going.items()):
            if time.monotonic() > fork.until:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del going[pid]
                fork.done(os.waitstatus_to_exitcode(status) == SURVIVED)
                return
        time.sleep(0.005)
