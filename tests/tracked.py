"""Test worlds whose every bucket is tracked."""

from size_tracking.tracked import Tracked


class _EveryName(frozenset):
    """Contains every bucket's name."""

    def __contains__(self, name: object) -> bool:
        return True


EVERY_BUCKET = Tracked(_EveryName())
"""Tracks whatever a test names."""


class AlwaysThere:
    """An event path in which every bucket exists."""

    def exists(self, bucket: str) -> bool:
        return True
