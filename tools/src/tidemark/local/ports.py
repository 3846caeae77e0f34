"""Ports of the loopback interface: which are free, and who holds one that is not."""

import socket
from pathlib import Path
from textwrap import shorten

import psutil

from tidemark.errors import CommandError
from tidemark.options import MAX_PORT

LOOPBACK = "127.0.0.1"
_MAX_COMMAND = 60


def free_port() -> int:
    """Return a port that is free now, chosen by the operating system."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(port: int) -> None:
    """Raise CommandError, naming the port, its holder and the fix, unless we could listen on it."""
    other = f"choose another one: make local-up PORT={port + 1 if port < MAX_PORT else port - 1}"
    with socket.socket() as probe:
        # Without this a closed connection keeps the port for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError:
            raise CommandError(f"port {port} is not for ordinary users: {other}") from None
        except OSError:
            held_by = holder(port) or "a process that only root may see"
            raise CommandError(f"port {port} is taken by {held_by}: end that, or {other}") from None


def holder(port: int) -> str | None:
    """Return who listens on a port, like `python -m http.server (pid 42)`, or None if the system does not tell."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        address, pid = connection.laddr, connection.pid
        if connection.status == psutil.CONN_LISTEN and address and address.port == port and pid:
            return _named(pid)
    return None


def _named(pid: int) -> str:
    try:
        program, *arguments = psutil.Process(pid).cmdline() or [psutil.Process(pid).name()]
    except psutil.Error:
        return f"pid {pid}"
    return f"{shorten(' '.join([Path(program).name, *arguments]), _MAX_COMMAND)} (pid {pid})"
