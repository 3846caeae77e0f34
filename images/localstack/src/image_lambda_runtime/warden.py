"""Runs one command. When the command ends or its starter dies, the warden kills everything that the command started.

This is a program of its own. It uses the standard library only and is run by path with `python -I -S`:

    warden.py <status fd> <scratch directory> <command> [argument …]

Its standard input is a pipe that the starter keeps open. When the pipe closes, the warden kills the command. On every
system a pipe closes when its holder dies. Linux's parent-death signal alone is not enough, because it is tied to the
*thread* that forked. The warden writes these lines to the status descriptor:

    started <pid>           the command runs as the leader of a session and process group of its own
    failed <reason>         the command could not be started
    ended <status> <peak>   the command has ended and nothing that it started is left. The status is an exit code or
                            minus a signal's number, the peak is its maximum memory use in bytes

At its end it removes the scratch directory.
"""

# ruff: noqa: PTH123, PTH208  # pathlib would delay every cold start
import contextlib
import os
import resource
import select
import signal
import sys
from collections.abc import Callable

_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_STDIN, _STDOUT, _STDERR = range(3)


def main(arguments: list[str]) -> None:
    """Run the command to its end."""
    status_fd, scratch, command = int(arguments[0]), arguments[1], arguments[2:]
    woken = _wake_on_signals()
    prctl = _prctl()
    prctl(_PR_SET_CHILD_SUBREAPER)
    pid = _start(command, status_fd, prctl)
    _close_output()
    status, usage = _wait(pid, woken)
    _kill_the_rest(pid)
    peak = usage.ru_maxrss * (1024 if _LINUX else 1)
    _report(status_fd, f"ended {os.waitstatus_to_exitcode(status)} {peak}")
    _remove(scratch)


def _wake_on_signals() -> int:
    """Return a descriptor that becomes readable when a child ends or a signal asks us to stop."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    return woken


def _prctl() -> Callable[..., object]:
    """Return a function that sets a process attribute on Linux and does nothing on other systems."""
    if not _LINUX:
        return lambda *_: None
    import ctypes  # noqa: PLC0415 takes 5 ms, needed on Linux only

    libc = ctypes.CDLL(None)
    return lambda option, value=1: libc.prctl(option, value, 0, 0, 0)


def _start(command: list[str], status_fd: int, prctl: Callable[..., object]) -> int:
    warden = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != warden:
                os._exit(1)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), _STDIN)
            os.set_inheritable(status_fd, False)  # noqa: FBT003 the standard library's signature
            os.execvp(command[0], command)  # noqa: S606 the purpose of this program
        except OSError as error:
            _report(status_fd, f"failed {command[0]}: {error.strerror}")
        finally:
            os._exit(127)
    _report(status_fd, f"started {pid}")
    return pid


def _close_output() -> None:
    """Close our copies of the command's output, so that the reader sees its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, _STDOUT)
    os.dup2(null, _STDERR)


def _wait(pid: int, woken: int) -> tuple[int, resource.struct_rusage]:
    """Wait for the command and return its wait status and usage. Kill it if our input ends or a signal stops us."""
    while True:
        ready, _, _ = select.select([_STDIN, woken], [], [])
        signals = set(os.read(woken, 64)) if woken in ready else set()
        if _STDIN in ready or signals - {signal.SIGCHLD}:
            _kill_group(pid)
            os.kill(pid, signal.SIGKILL)  # its group may not exist yet
            return os.wait4(pid, 0)[1:]
        while True:
            ended, status, usage = os.wait4(-1, os.WNOHANG)
            if ended == pid:
                return status, usage
            if ended == 0:
                break


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _kill_the_rest(pid: int) -> None:
    """Kill what the command left behind: its process group and, on Linux, also what left the group."""
    _kill_group(pid)
    while True:
        for child in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    """Return our children. As the subreaper, we inherit every orphan below us."""
    if not _LINUX:
        return []
    me = os.getpid()
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and _parent(name) == me]


def _parent(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def _report(status_fd: int, line: str) -> None:
    with contextlib.suppress(OSError):  # the starter is gone
        os.write(status_fd, f"{line}\n".encode())


def _remove(scratch: str) -> None:
    import shutil  # noqa: PLC0415 not needed before the end

    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
