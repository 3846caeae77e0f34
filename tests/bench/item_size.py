"""The size of an item by DynamoDB's rules, and the units that writing it costs."""

from collections.abc import Mapping
from typing import Any


def item_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Return the bytes of an item: its names and values. A number takes a byte, and a byte for every two digits.

    The rule is in the Developer Guide ("item sizes and formats"), which calls the size of a number approximate.
    """
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def write_units(item: Mapping[str, Mapping[str, Any]], factor: float) -> float:
    """Return the write units of an item: the factor for every KB, rounded up."""
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
