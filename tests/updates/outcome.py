"""What a deployment changed, in the words of the table in docs/substrates.md."""

import re
from collections.abc import Iterable, Iterator, Mapping

from tests.updates import rules
from tests.updates.calls import VERSION
from tests.updates.deployment import NO_UPDATES, Deployment
from tests.updates.observation import Resource, stays
from tests.updates.templates import Templates

Resources = Mapping[str, Resource]
FUNCTION, ALIAS = "AWS::Lambda::Function", "AWS::Lambda::Alias"
NAMES = {"AWS::Lambda::EventSourceMapping": "EventSourceMapping"}
"""Names for types whose logical ids are hard to read."""
_HASH = re.compile(r"([0-9a-f]{32})?[0-9A-F]{8}$")


def outcome(
    it: Deployment,
    before: Resources,
    templates: Templates,
    statuses: Mapping[str, str],
    *,
    brief: bool = False,
) -> str:
    """Return what is different from before, after templates were deployed and their stacks got these statuses.

    If `brief`, what was created or changed in place is left out.
    """
    after = it.resources()
    if refused := [*_refused(it, after)]:
        return f"Lambda refuses {' and '.join(refused)}, so all is rolled back"
    if statuses and set(statuses.values()) == {NO_UPDATES}:
        return NO_UPDATES
    rolled_back = "rolled back; " if "UPDATE_ROLLBACK_COMPLETE" in statuses.values() else ""
    found = _differences(it, before, after, templates)
    parts = [
        f"{what}: {', '.join(names)}"
        for what, names in found.items()
        if names and not (brief and what in {"changed", "created"})
    ]
    return rolled_back + ("; ".join(parts) or "nothing changed")


def _differences(
    it: Deployment, before: Resources, after: Resources, templates: Templates
) -> dict[str, list[str]]:
    changed = {name for name in before.keys() & after.keys() if before[name] != after[name]}
    replaced = {name for name in changed if before[name].physical != after[name].physical}
    moved = {
        name
        for name in changed
        if before[name].type == ALIAS and _number(before[name]) != _number(after[name])
    }
    gone = (before.keys() - after.keys()) | replaced
    kept = {name for name in gone if stays(it.client, before[name])}
    return {
        "new version live": [_move(name, before, after, templates) for name in sorted(moved)],
        "changed": _names(before, changed - replaced - moved),
        "created": _names(after, after.keys() - before.keys()),
        "replaced": _names(before, replaced),
        "deleted": _names(before, gone - kept) if after else ["everything else"],
        "kept outside": _names(before, kept),
        "other versions": [*_other_versions(it, after)],
    }


def _number(alias: Resource) -> str:
    """Return the version that an alias points to."""
    version: str = alias.description["get_function"]["Configuration"]["Version"]
    return version


def _move(name: str, before: Resources, after: Resources, templates: Templates) -> str:
    how = " by canary" if rules.shifted_gradually(templates["LambdaStack"], name) else ""
    return f"{_readable(name)} {_number(before[name])} → {_number(after[name])}{how}"


def _names(resources: Resources, chosen: Iterable[str]) -> list[str]:
    """Return names for people. A version is told by the alias that uses it."""
    return sorted(_name(name, resources[name]) for name in chosen if resources[name].type != VERSION)


def _name(logical: str, resource: Resource) -> str:
    return NAMES.get(resource.type) or _readable(logical)


def _readable(logical: str) -> str:
    return _HASH.sub("", logical)


def _refused(it: Deployment, resources: Resources) -> Iterator[str]:
    for name, function in sorted(resources.items()):
        if function.type == FUNCTION:
            for version in rules.refused_versions(it.versions(function.physical)):
                yield f"version {version} of {_readable(name)}"


def _other_versions(it: Deployment, resources: Resources) -> Iterator[str]:
    live = {
        alias.physical.rpartition(":")[0] + ":" + _number(alias)
        for alias in resources.values()
        if alias.type == ALIAS
    }
    for name, function in sorted(resources.items()):
        if function.type == FUNCTION:
            for version in it.versions(function.physical):
                if version["Configuration"]["FunctionArn"] not in live:
                    yield f"{_readable(name)} {version['Configuration']['Version']}"
