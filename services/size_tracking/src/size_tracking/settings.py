"""The function's settings, from its environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass


class SettingsError(Exception):
    """The environment lacks what the function needs; the text names every missing variable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The names of the tables and the URL of the tracking queue."""

    history_table: str
    ledger_table: str
    queue_url: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises SettingsError naming every variable that is missing or empty."""
        names = {"history_table": "HISTORY_TABLE", "ledger_table": "LEDGER_TABLE", "queue_url": "QUEUE_URL"}
        missing = [name for name in names.values() if not environ.get(name)]
        if missing:
            raise SettingsError(f"size-tracking lacks environment variables: {', '.join(missing)}")
        return cls(**{field: environ[name] for field, name in names.items()})
