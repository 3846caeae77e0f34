"""The function's settings, from its environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass


class SettingsError(Exception):
    """The environment lacks what the function needs; the text names every missing variable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The names of the tables, the URL of the tracking queue, and the buckets that the deployment's settings name."""

    history_table: str
    ledger_table: str
    queue_url: str
    tracked_buckets: frozenset[str]

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises SettingsError naming every variable that is missing or empty."""
        names = ("HISTORY_TABLE", "LEDGER_TABLE", "QUEUE_URL", "TRACKED_BUCKETS")
        missing = [name for name in names if not environ.get(name)]
        if missing:
            raise SettingsError(f"size-tracking lacks environment variables: {', '.join(missing)}")
        history, ledger, queue, buckets = (environ[name] for name in names)
        return cls(history, ledger, queue, frozenset(buckets.split(",")))
