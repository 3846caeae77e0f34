"""In what condition an environment is: absent, up, or half there."""

import os
from dataclasses import dataclass
from enum import Enum

from tidemark.errors import CommandError
from tidemark.local.mode import backend_of
from tidemark.local.state import Environment, StateDirectory


class Kind(Enum):
    """What there is of an environment."""

    ABSENT = "absent"
    UP = "up"
    HALF = "half"


@dataclass(frozen=True, slots=True)
class Condition:
    """What there is of an environment; the faults say what is wrong with one that is half there."""

    kind: Kind
    faults: tuple[str, ...] = ()


def inspect(state: StateDirectory) -> Condition:
    """Look at the records and the processes or containers of an environment; asks none of them anything. CommandError."""
    faults = backend_of(state).faults()
    if not faults and state.is_empty():
        return Condition(Kind.ABSENT)
    if state.environment() is None:
        faults.append("its start was never finished")
    return Condition(Kind.HALF, tuple(faults)) if faults else Condition(Kind.UP)


def running(state: StateDirectory) -> Environment:
    """Return the environment that is up. Raises CommandError, saying what to run, if none is."""
    condition = inspect(state)
    environment = state.environment()
    if condition.kind is Kind.UP and environment is not None:
        return environment
    why = f" ({'; '.join(condition.faults)})" if condition.faults else ""
    raise CommandError(f"no environment is up in {os.path.relpath(state.root)}{why}: run make local-up")
