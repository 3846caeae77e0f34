"""The demonstration's four changes, and the weight that the history must show after each."""

from dataclasses import dataclass

FIRST = "assignment1.txt"
SECOND = "assignment2.txt"
OBJECTS = (FIRST, SECOND)


@dataclass(frozen=True, slots=True)
class Weight:
    """The weight of a bucket: bytes and objects."""

    size: int
    count: int

    def plus(self, size: int, count: int) -> "Weight":
        """Return the weight after adding these bytes and objects."""
        return Weight(self.size + size, self.count + count)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one object: its new content (None deletes it), and the weight that this adds to the baseline."""

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
