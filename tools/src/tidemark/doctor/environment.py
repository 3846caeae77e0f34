"""What `make doctor` checks of a local environment: its port, its state, its endpoint and what runs there."""

import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tidemark.checks import Check, failure, ok, warning
from tidemark.doctor.machine import MEGABYTE, Situation
from tidemark.errors import CommandError
from tidemark.local import health, ports
from tidemark.local.condition import Condition, Kind, inspect
from tidemark.local.deployment.deploy import is_current
from tidemark.local.mode import backend_of
from tidemark.local.ports import LOOPBACK
from tidemark.local.state import Environment, StateDirectory

MEMORY_MB = 1024
"""What an environment takes at rest (measured: 822 MB with one warm function)."""
_CONNECT_SECONDS = 1.0


def examine(situation: Situation) -> Iterator[Check]:
    """Look at the environment of a state directory, or at what one would need."""
    try:
        state = StateDirectory.at(str(situation.state))
        condition = inspect(state)
    except CommandError as error:
        yield failure(
            "state", str(error), "choose another directory (STATE=), or make the engine that it names answer"
        )
        return
    environment = state.environment() if condition.kind is Kind.UP else None
    yield _state(situation.state, condition)
    if environment is None:
        yield _memory()
        yield _port(situation.port)
        yield _shell(situation.environ, None)
        return
    yield from _up(state, environment)
    yield _shell(situation.environ, environment.endpoint)


def _state(directory: Path, condition: Condition) -> Check:
    where = os.path.relpath(directory)
    if condition.kind is Kind.HALF:
        text = f"{where} holds a half-started environment: {'; '.join(condition.faults)}"
        return failure(
            "state", text, "make local-up (it clears that away and starts anew), or make local-down"
        )
    if condition.kind is Kind.UP:
        return ok("state", f"an environment is up in {where}")
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return failure(
            "state",
            f"{existing} is not yours to write to",
            f"chown it, or choose another one: STATE={where}-2",
        )
    return ok("state", f"no environment is up in {where}; make local-up starts one")


def _memory() -> Check:
    free = psutil.virtual_memory().available // MEGABYTE
    if free < MEMORY_MB:
        return warning(
            "memory", f"{free:,} MB are free, an environment takes about {MEMORY_MB:,}", "end what takes it"
        )
    return ok("memory", f"{free:,} MB are free")


def _port(port: int) -> Check:
    try:
        ports.require_free(port)
    except CommandError as error:
        text, _, fix = str(error).partition(": ")
        return failure("port", text, fix)
    return ok("port", f"{port} is free")


def _up(state: StateDirectory, environment: Environment) -> Iterator[Check]:
    looked = health.look(environment.endpoint, environment.variables)
    if looked[0].about == "endpoint":  # it does not answer
        yield from looked
        return
    yield ok("endpoint", f"LocalStack answers at {environment.endpoint}")
    yield _loopback(state, environment)
    yield _deployment(environment)
    yield from looked
    yield from health.buckets(environment.endpoint, environment.variables)


def _deployment(environment: Environment) -> Check:
    """Check whether the stacks are those of the sources: local-up leaves an environment alone that is up."""
    try:
        current = is_current(environment.endpoint)
    except CommandError as error:
        return failure("deployment", str(error), "make local-down local-up")
    if current:
        return ok("deployment", "the stacks are what infra_cdk makes now")
    return warning("deployment", "infra_cdk has changed since local-up", "make local-down local-up")


def _loopback(state: StateDirectory, environment: Environment) -> Check:
    """Check whether other machines could connect: look at what listens, and try this machine's other addresses."""
    fix = "make local-down local-up; if it stays, report it: anybody who reaches the endpoint may do anything"
    beyond = backend_of(state).exposed()
    port = urlsplit(environment.endpoint).port or 0
    beyond += [f"{address}:{port}" for address in _own_addresses() if _connects(address, port)]
    if beyond:
        return failure("loopback", f"reachable from other machines: {', '.join(sorted(set(beyond)))}", fix)
    return ok("loopback", f"nothing of it listens beyond {LOOPBACK}")


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


def _shell(environ: Mapping[str, str], endpoint: str | None) -> Check:
    """Check whether the variables of this shell lead AWS tools to the environment that is up, or elsewhere."""
    named = environ.get("AWS_ENDPOINT_URL")
    if not named:
        return ok("shell", 'names no endpoint (eval "$(make -s env)" does)')
    if named == endpoint:
        return ok("shell", f"its AWS tools reach {named}")
    what = "another environment" if endpoint else "an environment that is not up"
    fix = (
        'eval "$(make -s env)"' if endpoint else "unset AWS_ENDPOINT_URL, or make local-up and eval it again"
    )
    return warning("shell", f"AWS_ENDPOINT_URL={named} leads its AWS tools to {what}", fix)
