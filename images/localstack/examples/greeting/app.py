"""A function that greets the person its event names."""

from typing import Any


def handler(event: dict[str, Any], _context: object) -> str:
    """Return a greeting."""
    return f"Hello, {event['name']}!"
