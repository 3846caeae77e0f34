"""Processes in the background: started detached, found again later, and stopped for certain.

Every process that we start carries the state directory in an environment variable, and so do its children. They are
found by it even if the record was never written or the parent was killed.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from tidemark.errors import CommandError
from tidemark.local.state import ProcessRecord, StateDirectory

T = TypeVar("T")
U = TypeVar("U")
MARK = "TIDEMARK_LOCAL_STATE"
"""The variable that every process of an environment carries: the path of its state directory."""

_CLOCK_STEPS = 2.0
"""Seconds by which the start time of one process may change, because the clock is adjusted."""
_GRACE_SECONDS = 4.0
_KILL_SECONDS = 2.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Program:
    """A program to run in the background: the name of its record and log, and how it starts."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]


def start(program: Program, state: StateDirectory) -> ProcessRecord:
    """Start a program detached from this terminal, its output in its log, and record it."""
    home = state.files_of(program.name)
    home.mkdir(parents=True, exist_ok=True)
    with state.log(program.name).open("wb") as log:
        process = subprocess.Popen(
            program.command,
            env={**program.environ, MARK: str(state.root)},
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    record = ProcessRecord(program.name, process.pid, psutil.Process(process.pid).create_time())
    state.record(record)
    return record


def is_alive(record: ProcessRecord) -> bool:
    """Return whether the recorded process still runs; another one with the same pid does not count."""
    return _process(record) is not None


def find(state: StateDirectory) -> list[psutil.Process]:
    """Return every running process of an environment, recorded or not, but never this one."""
    recorded = [process for record in state.records() if (process := _process(record))]
    marked = [process for process in psutil.process_iter() if _mark_of(process) == str(state.root)]
    found = {process.pid: process for process in [*recorded, *marked]}
    for process in list(found.values()):
        children = ask(process, lambda it: it.children(recursive=True), ())
        found.update({child.pid: child for child in children})
    found.pop(os.getpid(), None)
    return [process for process in found.values() if _runs(process)]


def states_running(directory: Path) -> set[str]:
    """Return the state directories of all environments that run programs of a directory."""
    marks = (
        _mark_of(process)
        for process in psutil.process_iter()
        for program in ask(process, psutil.Process.cmdline, ())[:1]
        if Path(program).is_relative_to(directory)
    )
    return {mark for mark in marks if mark}


def ask(process: psutil.Process, question: Callable[[psutil.Process], T], otherwise: U) -> T | U:
    """Return the answer of a process, or `otherwise` if it has just ended or is not ours to ask."""
    try:
        return question(process)
    except (psutil.Error, OSError):
        return otherwise


def stop_all(state: StateDirectory, say: Callable[[str], None] = lambda _: None) -> int:
    """Stop every process of an environment and return how many there were.

    They get SIGTERM first, and SIGKILL if they do not end. Raises CommandError if a process or a port is left.
    """
    ended = find(state)
    listening = listeners(ended)
    pids = {process.pid for process in ended}
    _signal([it for it in ended if ask(it, psutil.Process.ppid, None) not in pids], signal.SIGTERM)
    _wait(ended, _GRACE_SECONDS)
    deadline = time.monotonic() + _KILL_SECONDS
    while (left := _left(state, ended)) and time.monotonic() < deadline:
        say(f"killing what did not end by itself: {_names(left)}")
        _signal(left, signal.SIGKILL)
        _wait(left, _KILL_SECONDS)
    if left:
        raise CommandError(f"these processes cannot be stopped: {_names(left)}; end them by hand (kill -9)")
    _wait_until_closed(listening)
    return len(ended)


def listeners(processes: Iterable[psutil.Process]) -> list[str]:
    """Return the addresses, like `127.0.0.1:4566`, that processes listen on."""
    return [
        f"{connection.laddr.ip}:{connection.laddr.port}"
        for process in processes
        for connection in ask(process, lambda it: it.net_connections("inet"), ())
        if connection.status == psutil.CONN_LISTEN and connection.laddr
    ]


def _left(state: StateDirectory, ended: Sequence[psutil.Process]) -> list[psutil.Process]:
    # Some are new since we looked, and an orphan without the mark cannot be found again.
    return list({process.pid: process for process in (*ended, *find(state)) if _runs(process)}.values())


def _wait_until_closed(addresses: Sequence[str]) -> None:
    # The kernel may report the end of a process some milliseconds before its last thread lets go of a socket.
    deadline = time.monotonic() + _KILL_SECONDS
    while still_open := [address for address in addresses if _answers(address)]:
        if time.monotonic() > deadline:
            raise CommandError(
                f"these addresses are still open: {', '.join(still_open)}; see who holds them: ss -ltnp"
            )
        time.sleep(_POLL_SECONDS)


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def _process(record: ProcessRecord) -> psutil.Process | None:
    try:
        process = psutil.Process(record.pid)
    except psutil.Error:
        return None
    started = ask(process, psutil.Process.create_time, 0.0)
    return process if abs(started - record.started) <= _CLOCK_STEPS and _runs(process) else None


def _mark_of(process: psutil.Process) -> str | None:
    return ask(process, lambda it: it.environ().get(MARK), None)


def _runs(process: psutil.Process) -> bool:
    return ask(process, lambda it: it.is_running() and it.status() != psutil.STATUS_ZOMBIE, otherwise=False)


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        ask(process, lambda it: it.send_signal(number), None)


def _wait(running: Sequence[psutil.Process], seconds: float) -> None:
    # Not psutil's own wait: it waits until the parent has noticed the end, and the parent may be any process by now.
    deadline = time.monotonic() + seconds
    while any(_runs(process) for process in running) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _names(processes: Iterable[psutil.Process]) -> str:
    return ", ".join(f"{ask(it, psutil.Process.name, '?')} (pid {it.pid})" for it in processes)
