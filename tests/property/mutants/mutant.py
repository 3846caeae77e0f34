"""A wrong variant, and the worlds in which it must die."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from size_tracking import reconcile_plan, track_plan
from size_tracking.tracker import Tracker
from tests.property.configurations import ONE, adoption, changes, drift, outage
from tests.property.model.configuration import Configuration
from tests.property.model.exploration import Patch


@dataclass(frozen=True)
class Mutant:
    """A wrong variant: its patches, the world in which it must die, and the invariant that it breaks there."""

    name: str
    configuration: Configuration
    breaks: str = ""
    patches: tuple[Patch, ...] = ()
    parts: Mapping[str, type] = field(default_factory=dict)
    """Replaced parts of the product, by their names in Wiring."""
    at_rest: bool = False
    """Whether a violation counts only at rest, because the variant is wrong for a moment by design."""


def events(operations: int, keys=ONE, **more) -> Configuration:
    """Return a live bucket whose keys change."""
    return changes("", keys, operations, **more)


def adopting(operations: int, keys=ONE, **more) -> Configuration:
    """Return an unknown bucket, and a request to reconcile it."""
    return adoption("", keys, operations, **more)


def drifted(**more) -> Configuration:
    """Return a live bucket that has lost events, and a request to reconcile it."""
    return drift("", 0, **more)


def out(operations: int, **more) -> Configuration:
    """Return a live bucket whose events are switched off and on."""
    return outage("", operations, **more)


def replaced(target: object) -> Callable[..., tuple[Patch, ...]]:
    """Return a function that replaces members of a module or class: `replaced(Tracker)(step=other)`."""
    return lambda **members: tuple((target, name, other) for name, other in members.items())


plan = replaced(track_plan)
run_plan = replaced(reconcile_plan)
tracker = replaced(Tracker)
