"""A wrong variant, and the worlds to put one in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from size_tracking import track_plan
from tests.property.configurations import ONE, adoption, changes, drift
from tests.property.model.configuration import Configuration
from tests.property.model.exploration import Patch


@dataclass(frozen=True)
class Mutant:
    """A wrong variant: what is replaced, the world in which it must die, and what it breaks there."""

    name: str
    configuration: Configuration
    breaks: str = ""
    patches: tuple[Patch, ...] = ()
    parts: Mapping[str, type] = field(default_factory=dict)
    """Replaced parts of the product, by their names in Wiring."""
    at_rest: bool = False
    """Only what is broken at rest counts: that something is wrong for a moment is how this variant works."""


def events(operations: int, keys=ONE, **more) -> Configuration:
    """Return a live bucket whose keys change."""
    return changes("", keys, operations, **more)


def adopting(operations: int, keys=ONE, **more) -> Configuration:
    """Return a bucket that nobody has looked at yet, and a request to do so."""
    return adoption("", keys, operations, **more)


def drifted(**more) -> Configuration:
    """Return a live bucket some of whose events were lost, and a request to reconcile it."""
    return drift("", 0, **more)


def totals_read(mutation) -> Patch:
    """Replace the planning of a commit."""
    return (track_plan, "totals_read", mutation)
