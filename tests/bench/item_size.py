"""How large DynamoDB takes an item to be, and so how many units it costs to write it."""

from collections.abc import Mapping
from typing import Any


def item_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Return an item's size in bytes by DynamoDB's rule: names and values, numbers at two digits a byte and one more.

    The rule is the Developer Guide's ("item sizes and formats"); of a number's size it says "approximately".
    """
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def write_units(item: Mapping[str, Mapping[str, Any]], factor: float) -> float:
    """Return the write units of an item: the factor for every KB begun."""
    return factor * -(-item_bytes(item) // 1024)


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return -(-len(content.lstrip("-")) // 2) + 1
        case "BOOL":
            return 1
        case "L":
            return 3 + sum(1 + _value_bytes(element) for element in content)
    raise ValueError(f"no item here holds a value of type {kind}")
