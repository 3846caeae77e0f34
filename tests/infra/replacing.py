"""Which resources an update replaces, by the schemas of AWS's resource providers. Emulators know only some of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.infra.stateful import replacing_properties
from tests.updates.templates import Template, references


def replaced(before: Template, after: Template) -> set[str]:
    """Return the logical ids whose resources an update replaces.

    A resource is replaced if its type changes, or a property that its provider's schema calls create-only, or if such a
    property refers to a replaced resource: CloudFormation user guide, "Understand update behaviors of stack resources".
    """
    found: set[str] = set()
    while more := set(_replaced(before["Resources"], after["Resources"], found)) - found:
        found |= more
    return found


def _replaced(before: Mapping[str, Any], after: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    for name in before.keys() & after.keys():
        old, new = before[name], after[name]
        if old["Type"] != new["Type"]:
            yield name
            continue
        for path in replacing_properties(new["Type"]):
            values = [_value(each.get("Properties", {}), path.split("/")) for each in (old, new)]
            if values[0] != values[1] or known & set(references(values[1])):
                yield name


def _value(value: Any, path: Sequence[str]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
