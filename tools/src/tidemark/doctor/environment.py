"""What `make doctor` asks of a local environment: its port, its state, its endpoint and what that says of itself."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tidemark.doctor.findings import Finding, fault, warning, well
from tidemark.doctor.machine import MEGABYTE, shell
from tidemark.doctor.situation import Situation
from tidemark.errors import CommandError
from tidemark.local import containers, emulator, health, ports, processes
from tidemark.local.condition import Condition, Kind, inspect
from tidemark.local.deployment.deploy import DeployError, is_current
from tidemark.local.emulator import EmulatorError
from tidemark.local.ports import LOOPBACK
from tidemark.local.state import Environment, StateDirectory

MEMORY_MB = 1024
"""What an environment takes at rest (measured: 822 MB with one warm function)."""
_CONNECT_SECONDS = 1.0
_FIXES = {
    "dead letters": "see why in make logs, then make redrive, or make reset",
    "history": "wait a moment; if it stays: make reconcile, and see make logs FN=size-tracking",
    "endpoint": "make local-up",
}


def examine(situation: Situation) -> Iterator[Finding]:
    """Look at the environment of a state directory, or at what one would need."""
    try:
        state = StateDirectory.at(str(situation.state))
        condition = inspect(state)
    except CommandError as error:
        yield fault(
            "state", str(error), "choose another directory (STATE=), or make the engine that it names answer"
        )
        return
    environment = state.environment() if condition.kind is Kind.UP else None
    yield _state(situation.state, condition)
    if environment is None:
        yield _memory()
        yield _port(situation.port)
        yield shell(situation.environ, None)
        return
    yield from _up(state, environment)
    yield shell(situation.environ, environment.endpoint)


def _state(directory: Path, condition: Condition) -> Finding:
    where = os.path.relpath(directory)
    if condition.kind is Kind.HALF:
        text = f"{where} holds a half-started environment: {'; '.join(condition.faults)}"
        return fault("state", text, "make local-up (it clears that away and starts anew), or make local-down")
    if condition.kind is Kind.UP:
        return well("state", f"an environment is up in {where}")
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return fault(
            "state",
            f"{existing} is not yours to write to",
            f"chown it, or choose another one: STATE={where}-2",
        )
    return well("state", f"no environment is up in {where}; make local-up starts one")


def _memory() -> Finding:
    free = psutil.virtual_memory().available // MEGABYTE
    if free < MEMORY_MB:
        return warning(
            "memory", f"{free:,} MB are free, an environment takes about {MEMORY_MB:,}", "end what takes it"
        )
    return well("memory", f"{free:,} MB are free")


def _port(port: int) -> Finding:
    try:
        ports.require_free(port)
    except CommandError as error:
        text, _, fix = str(error).partition(": ")
        return fault("port", text, fix)
    return well("port", f"{port} is free")


def _up(state: StateDirectory, environment: Environment) -> Iterator[Finding]:
    try:
        emulator.require(environment.endpoint)
    except EmulatorError as error:
        text, _, fix = str(error).rpartition(": ")
        yield fault("endpoint", text, f"make local-down, then {fix.removeprefix('run ')}")
        return
    yield well("endpoint", f"LocalStack answers at {environment.endpoint}")
    yield _loopback(state, environment)
    yield _deployment(environment)
    for fact in health.look(environment.endpoint, environment.variables):
        ill = warning if fact.about == "history" else fault  # while a bucket is adopted nothing is wrong
        if fact.healthy:
            yield well(fact.about, fact.text)
        else:
            yield ill(fact.about, fact.text, _FIXES.get(fact.about, "make local-down local-up"))


def _deployment(environment: Environment) -> Finding:
    """Say whether the stacks are those of the sources: local-up leaves an environment alone that is up."""
    try:
        current = is_current(environment.endpoint)
    except DeployError as error:
        return fault("deployment", str(error), "make local-down local-up")
    if current:
        return well("deployment", "the stacks are what infra_cdk makes now")
    return warning("deployment", "infra_cdk has changed since local-up", "make local-down local-up")


def _loopback(state: StateDirectory, environment: Environment) -> Finding:
    """Say whether anybody beyond this machine could connect: by what listens, and by trying from our other addresses."""
    fix = "make local-down local-up; if it stays, report it: whoever reaches the endpoint may do anything"
    beyond = [] if containers.of(state) else _listening_beyond(state)
    port = urlsplit(environment.endpoint).port or 0
    beyond += [f"{address}:{port}" for address in _own_addresses() if _connects(address, port)]
    if beyond:
        return fault("loopback", f"reachable from other machines: {', '.join(sorted(set(beyond)))}", fix)
    return well("loopback", f"nothing of it listens beyond {LOOPBACK}")


def _listening_beyond(state: StateDirectory) -> list[str]:
    listening = processes.listeners(processes.find(state))
    return [address for address in listening if not address.startswith(("127.", "::1:"))]


def _own_addresses() -> list[str]:
    addresses = [entry for entries in psutil.net_if_addrs().values() for entry in entries]
    return [
        entry.address
        for entry in addresses
        if entry.family == socket.AF_INET and not entry.address.startswith("127.")
    ]


def _connects(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(_CONNECT_SECONDS)
        return probe.connect_ex((address, port)) == 0
