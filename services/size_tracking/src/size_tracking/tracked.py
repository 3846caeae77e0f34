"""Which buckets are tracked: those with a row in the Ledger, and those that the settings name."""

from dataclasses import dataclass

from size_history.sources import Source


class NotTrackedError(Exception):
    """A message is about a bucket that is not to be tracked; the message is acknowledged and logged."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """The buckets that the settings name. A message alone never makes a bucket tracked: anybody can name one."""

    named: frozenset[str] = frozenset()

    def require(self, bucket: str, source: Source | None) -> None:
        """Raise NotTrackedError unless the bucket is tracked, by its row (None: it has none) or by the settings."""
        if not (source.tracked if source else bucket in self.named):
            raise NotTrackedError(f"bucket {bucket} is not tracked: make track BUCKET={bucket}")
