"""The demonstration's four changes, and what the history must show after each."""

from dataclasses import dataclass

FIRST = "assignment1.txt"
SECOND = "assignment2.txt"
OBJECTS = (FIRST, SECOND)


@dataclass(frozen=True, slots=True)
class Weight:
    """What a bucket weighs: bytes and objects."""

    size: int
    count: int

    def plus(self, size: int, count: int) -> "Weight":
        """Return the weight with so many bytes and objects more."""
        return Weight(self.size + size, self.count + count)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one object: its new content, or None to delete it; and the weight it adds to the baseline's."""

    name: str
    key: str
    content: bytes | None
    size: int
    count: int


CHANGES = (
    Change("create assignment1.txt", FIRST, b"Empty Assignment 1", 18, 1),
    Change("update assignment1.txt", FIRST, b"Empty Assignment 2222222222", 27, 1),
    Change("delete assignment1.txt", FIRST, None, 0, 0),
    Change("create assignment2.txt", SECOND, b"33", 2, 1),
)
