"""Numbers for values, so that states are compared as a few integers."""

from typing import Any


class Table:
    """Numbers values in the order of their first use; `values` has them by number."""

    __slots__ = ("_numbers", "values")

    def __init__(self, *values: Any) -> None:
        self.values: list[Any] = []
        self._numbers: dict[Any, int] = {}
        for value in values:
            self(value)

    def __call__(self, value: Any) -> int:
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
        return number
