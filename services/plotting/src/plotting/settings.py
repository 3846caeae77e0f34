"""What the service reads from its environment."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

RETENTION = "SAMPLE_RETENTION_DAYS"


@dataclass(frozen=True, slots=True)
class Settings:
    """Names of the tables, the index, the buckets and the queues; each is the variable of the same name in capitals.

    `dlq_url` is the dead-letter queue of the tracking queue `queue_url`, and `rule_dlq_url` that of the rules that fill
    it. Web pages of `cors_origin` may read the answers: `https://example.org`, or `*` for any. Samples are kept for
    `sample_retention_days`; forever if that variable is missing, empty or 0.
    """

    history_table: str
    ledger_table: str
    size_index: str
    data_bucket: str
    plot_bucket: str
    queue_url: str
    dlq_url: str
    rule_dlq_url: str
    cors_origin: str
    sample_retention_days: int | None

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises ValueError naming every variable that is missing or empty."""
        days = environ.get(RETENTION, "")
        if days and not days.isdecimal():
            raise ValueError(f"plotting cannot start, {RETENTION} is not a number of days: {days!r}")
        names = [field.name for field in fields(cls) if field.name.upper() != RETENTION]
        values = {name: environ.get(name.upper(), "") for name in names}
        missing = [name.upper() for name, value in values.items() if not value]
        if missing:
            raise ValueError(f"plotting cannot start, its environment lacks: {', '.join(missing)}")
        return cls(**values, sample_retention_days=int(days or 0) or None)
