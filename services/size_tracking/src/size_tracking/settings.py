"""The function's settings, from its environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass


class SettingsError(Exception):
    """The environment lacks what the function needs; the text names every missing variable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The names of the tables, the URL of the tracking queue, and the buckets that the deployment's settings name.

    Samples are kept for `sample_retention_days`; 0 keeps them forever.
    """

    history_table: str
    ledger_table: str
    queue_url: str
    tracked_buckets: frozenset[str]
    sample_retention_days: int = 0

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises SettingsError naming every variable that is missing or empty.

        Only SAMPLE_RETENTION_DAYS may be.
        """
        names = ("HISTORY_TABLE", "LEDGER_TABLE", "QUEUE_URL", "TRACKED_BUCKETS")
        missing = [name for name in names if not environ.get(name)]
        if missing:
            raise SettingsError(f"size-tracking lacks environment variables: {', '.join(missing)}")
        history, ledger, queue, buckets = (environ[name] for name in names)
        days = environ.get("SAMPLE_RETENTION_DAYS") or "0"
        if not days.isdecimal():
            raise SettingsError(f"SAMPLE_RETENTION_DAYS is no whole number of days: {days!r}")
        return cls(history, ledger, queue, frozenset(buckets.split(",")), int(days))
