"""`make status`: one screen about the running environment; exit code 0 if all is well."""

import psutil

from tidemark.local import containers, health, processes
from tidemark.local.embedded import NAMES, TITLES
from tidemark.local.env import running
from tidemark.local.health import Fact
from tidemark.local.state import DEFAULT, StateDirectory
from tidemark.options import State

MEGABYTE = 1024 * 1024


def status(state: StateDirectory) -> int:
    """Print what there is and how it is; return 0, or 1 if anything is not as it should be. Raises CommandError."""
    environment = running(state)
    facts = [
        *_running(state),
        Fact("endpoint", environment.endpoint),
        Fact("dashboard", environment.variables["TIDEMARK_API_URL"]),
        Fact("API", environment.variables["TIDEMARK_API_URL"]),
        *health.look(environment.endpoint, environment.variables),
    ]
    for fact in facts:
        print(f"{'  ' if fact.healthy else '! '}{fact.about:<14}{fact.text}")
    ill = [fact.about for fact in facts if not fact.healthy]
    print(f"status: not well: {', '.join(ill)}" if ill else "status: all is well")
    return 1 if ill else 0


def _running(state: StateDirectory) -> list[Fact]:
    in_docker = containers.of(state)
    if in_docker is None:
        facts = [Fact(record.name, f"{TITLES[record.name]}, pid {record.pid}") for record in state.records()]
        return [*facts, _memory(state)]
    states = in_docker.states()
    return [
        *(Fact(name, f"{TITLES[name]}, container {states[name]}") for name in NAMES),
        Fact(
            "functions", f"{in_docker.functions()} containers of them now, network {in_docker.record.project}"
        ),
    ]


def _memory(state: StateDirectory) -> Fact:
    total = 0
    found = processes.find(state)
    for process in found:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue  # it has just ended
    return Fact("processes", f"{len(found)}, the functions' among them, {total // MEGABYTE} MB of memory")


def command(state: State = DEFAULT) -> int:
    """Show the local environment on one screen; fails if anything is not well."""
    return status(StateDirectory.at(state))
