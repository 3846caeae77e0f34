"""The function's settings, from its environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass


class SettingsError(Exception):
    """The environment lacks a setting or has a wrong one; the text names every variable at fault."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Names of the bucket, the tables and the queue, the API's stage URL, and the pause between steps in seconds."""

    data_bucket: str
    history_table: str
    ledger_table: str
    queue_url: str
    api_url: str
    pause_seconds: float

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises SettingsError naming every variable that is missing, empty or not a number."""
        names = {
            "data_bucket": "DATA_BUCKET",
            "history_table": "HISTORY_TABLE",
            "ledger_table": "LEDGER_TABLE",
            "queue_url": "QUEUE_URL",
            "api_url": "API_URL",
        }
        pause_name = "DRIVER_PAUSE_SECONDS"
        missing = [name for name in (*names.values(), pause_name) if not environ.get(name)]
        if missing:
            raise SettingsError(f"driver lacks environment variables: {', '.join(missing)}")
        try:
            pause = float(environ[pause_name])
        except ValueError as error:
            raise SettingsError(
                f"{pause_name} is not a number of seconds: {environ[pause_name]!r}"
            ) from error
        if not 0 <= pause <= 60:
            raise SettingsError(f"{pause_name} must be from 0 to 60 seconds, not {pause:g}")
        return cls(**{field: environ[name] for field, name in names.items()}, pause_seconds=pause)
