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

import psutil

from tidemark.errors import CommandError
from tidemark.local.state import ProcessRecord, StateDirectory

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
    found = {process.pid: process for process in [*recorded, *_marked(state)]}
    for process in list(found.values()):
        found.update({child.pid: child for child in _descendants(process)})
    found.pop(os.getpid(), None)
    return [process for process in found.values() if _runs(process)]


def states_running(directory: Path) -> set[str]:
    """Return the state directories of all environments that run programs of a directory."""
    marks = (_mark_of(process) for process in psutil.process_iter() if _program_lies_in(process, directory))
    return {mark for mark in marks if mark}


def stop_all(state: StateDirectory, say: Callable[[str], None] = lambda _: None) -> int:
    """Stop every process of an environment and return how many there were.

    They get SIGTERM first, and SIGKILL if they do not end. Raises CommandError if a process or a port is left.
    """
    ended = find(state)
    listening = listeners(ended)
    _signal(_roots(ended), signal.SIGTERM)
    _wait(ended, _GRACE_SECONDS)
    deadline = time.monotonic() + _KILL_SECONDS
    while (left := _left(state, ended)) and time.monotonic() < deadline:
        say(f"killing what did not end by itself: {_names(left)}")
        _signal(left, signal.SIGKILL)
        _wait(left, _KILL_SECONDS)
    if left:
        raise CommandError(f"these processes cannot be stopped: {_names(left)}; end them by hand (kill -9)")
    if still_open := [address for address in listening if _answers(address)]:
        raise CommandError(
            f"these addresses are still open: {', '.join(still_open)}; see who holds them: ss -ltnp"
        )
    return len(ended)


def _left(state: StateDirectory, ended: Sequence[psutil.Process]) -> list[psutil.Process]:
    # Some are new since we looked, and an orphan without the mark cannot be found again.
    return list({process.pid: process for process in (*ended, *find(state)) if _runs(process)}.values())


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def listeners(processes: Iterable[psutil.Process]) -> list[str]:
    """Return the addresses, like `127.0.0.1:4566`, that processes listen on."""
    addresses: list[str] = []
    for process in processes:
        try:
            connections = process.net_connections("inet")
        except psutil.Error:
            continue
        listening = [
            connection.laddr for connection in connections if connection.status == psutil.CONN_LISTEN
        ]
        addresses.extend(f"{address.ip}:{address.port}" for address in listening if address)
    return addresses


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log; empty if there is none."""
    if not log.exists():
        return ""
    text = log.read_text(encoding="utf-8", errors="replace")
    return "\n".join(text.splitlines()[-lines:])


def _process(record: ProcessRecord) -> psutil.Process | None:
    try:
        process = psutil.Process(record.pid)
        same = abs(process.create_time() - record.started) <= _CLOCK_STEPS
        return process if same and _runs(process) else None
    except psutil.Error:
        return None


def _marked(state: StateDirectory) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _mark_of(process) == str(state.root)]


def _mark_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None


def _program_lies_in(process: psutil.Process, directory: Path) -> bool:
    try:
        program = process.cmdline()[:1]
    except (psutil.Error, OSError):
        return False
    return any(Path(path).is_relative_to(directory) for path in program)


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _roots(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    pids = {process.pid for process in processes}
    roots = []
    for process in processes:
        try:
            if process.ppid() not in pids:
                roots.append(process)
        except psutil.Error:
            continue
    return roots


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.Error:
            continue


def _wait(running: Sequence[psutil.Process], seconds: float) -> None:
    # Not psutil's own wait: it waits until the parent has noticed the end, and the parent may be any process by now.
    deadline = time.monotonic() + seconds
    while any(_runs(process) for process in running) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _names(processes: Iterable[psutil.Process]) -> str:
    names = []
    for process in processes:
        try:
            names.append(f"{process.name()} (pid {process.pid})")
        except psutil.Error:
            continue
    return ", ".join(names)
