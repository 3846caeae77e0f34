"""Where the Docker engine is, and whether it answers. Asks its socket, because the docker command takes long to give up."""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

DEFAULT_SOCKET = "/var/run/docker.sock"
ANSWER_SECONDS = 0.25
SOCKET_SCHEME = "unix://"


class NoEngineError(Exception):
    """No engine can be used; the message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A Docker engine on this machine, and its socket."""

    socket: str

    @property
    def host(self) -> str:
        """Its address as DOCKER_HOST names it."""
        return f"{SOCKET_SCHEME}{self.socket}"


def find(environ: Mapping[str, str] = os.environ, *, seconds: float = ANSWER_SECONDS) -> Engine:
    """Return the engine that DOCKER_HOST names or that is at the usual place; NoEngineError within `seconds`."""
    host = environ.get("DOCKER_HOST", "").strip() or f"{SOCKET_SCHEME}{DEFAULT_SOCKET}"
    if not host.startswith(SOCKET_SCHEME):
        raise NoEngineError(f"DOCKER_HOST={host} is no socket of this machine (unix:///...)")
    path = host.removeprefix(SOCKET_SCHEME)
    if not Path(path).exists():
        raise NoEngineError(f"no Docker engine answers: there is no {path}")
    _get(path, "/_ping", seconds)
    return Engine(path)


def ask(engine: Engine, resource: str, *, seconds: float = ANSWER_SECONDS) -> dict[str, Any]:
    """Return what an engine answers to a GET, like `/version`; NoEngineError if that is no JSON object."""
    try:
        answer = json.loads(_get(engine.socket, resource, seconds))
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise NoEngineError(
            f"what answers at {engine.socket} is no Docker engine: {resource} is no JSON object"
        )
    return answer


def _get(path: str, resource: str, seconds: float) -> bytes:
    connection = _SocketConnection(path, seconds)
    try:
        connection.request("GET", resource)
        response = connection.getresponse()
        content = response.read()
    except (OSError, HTTPException) as error:
        raise NoEngineError(f"no Docker engine answers at {path} ({_why(error)})") from error
    finally:
        connection.close()
    if response.status != 200:
        raise NoEngineError(f"what answers at {path} is no Docker engine (status {response.status})")
    return content


class _SocketConnection(HTTPConnection):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _why(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
