"""In what condition an environment is: absent, up, or half there."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from tidemark.local import containers, processes
from tidemark.local.embedded import NAMES, TITLES
from tidemark.local.state import StateDirectory


class Kind(Enum):
    """What there is of an environment."""

    ABSENT = "absent"
    UP = "up"
    HALF = "half"


@dataclass(frozen=True, slots=True)
class Condition:
    """What there is of an environment, and where it is half there, what is wrong with it."""

    kind: Kind
    faults: tuple[str, ...] = ()


def inspect(state: StateDirectory) -> Condition:
    """Look at the records and the processes or containers of an environment; asks none of them anything. CommandError."""
    if running := containers.of(state):
        return judge_containers(running.states(), completed=state.environment() is not None)
    records = {record.name: record.pid for record in state.records()}
    alive = {record.name for record in state.records() if processes.is_alive(record)}
    return judge(
        recorded=records,
        alive=alive,
        completed=state.environment() is not None,
        strays=0 if alive else len(processes.find(state)),
        empty=state.is_empty(),
    )


def judge(
    *, recorded: dict[str, int], alive: Collection[str], completed: bool, strays: int, empty: bool
) -> Condition:
    """Decide from the recorded pids, which of them are alive, and how many processes nobody recorded."""
    if empty and not strays:
        return Condition(Kind.ABSENT)
    faults = [
        f"{TITLES[name]} (pid {recorded[name]}) is gone"
        if name in recorded
        else f"{TITLES[name]} was not started"
        for name in NAMES
        if name not in alive
    ]
    if strays:
        faults.append(
            f"{strays} process{'es' if strays > 1 else ''} of it still run{'' if strays > 1 else 's'}"
        )
    if not completed:
        faults.append("its start was never finished")
    return Condition(Kind.HALF, tuple(faults)) if faults else Condition(Kind.UP)


def judge_containers(states: Mapping[str, str], *, completed: bool) -> Condition:
    """Decide from what the engine says of each service."""
    faults = [
        f"{TITLES[name]}'s container is {states.get(name, 'gone')}"
        for name in NAMES
        if states.get(name) not in {"running", "healthy"}
    ]
    if not completed:
        faults.append("its start was never finished")
    return Condition(Kind.HALF, tuple(faults)) if faults else Condition(Kind.UP)
