"""Runs one search with the replacements of its configuration and its mutant."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any
from unittest import mock

from plotting import hierarchy, ranges
from size_history import rollups
from size_tracking import metrics, recomputer, track_plan
from tests.property.model.configuration import Configuration
from tests.property.model.search import Counts, Found, search
from tests.property.model.world import World

Patch = tuple[Any, str, Any]
"""A module or class, a name in it, and the replacement."""


def anything(_broken: str, _at_rest: bool) -> bool:
    """Count every violation."""
    return True


def _nowhere(_dimensions: Any, _values: Any, *, at: int) -> None:
    """Print no metrics."""


def _units(configuration: Configuration) -> tuple[Patch, ...]:
    """Return units of a few microseconds, and readers and recomputations that need rollups at once."""
    if not configuration.lengths:
        return ()
    lengths = dict(zip(rollups.Unit, configuration.lengths, strict=True))
    return (
        (rollups, "_LENGTHS", lengths),
        (ranges, "MAX_SAMPLES", 1),
        (hierarchy, "MAX_POINTS", 3),
        (recomputer, "MAX_PAGES", 1),
    )


def explore(
    configuration: Configuration,
    *,
    patches: tuple[Patch, ...] = (),
    parts: Mapping[str, type] | None = None,
    counts: Counts = anything,
    limit: int | None = None,
) -> Found:
    """Explore a configuration; `parts` replace parts of the product, by their names in Wiring."""
    with ExitStack() as stack:
        for target, name, replacement in (
            (track_plan, "ROOM", configuration.room),
            *_units(configuration),
            (metrics, "emit", _nowhere),
            *patches,
        ):
            stack.enter_context(mock.patch.object(target, name, replacement))
        return search(World(configuration, **(parts or {})), counts, limit)
