"""Advisories of packages, and the exceptions that tolerate one for a time."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tidemark.audit.locks import AuditError, Pin

EXCEPTIONS_FILE = "audit.toml"
_FIELDS = {"package", "id", "until", "reason"}


@dataclass(frozen=True, slots=True)
class Advisory:
    """One known vulnerability of one pin: its names (`CVE-…`, `GHSA-…`, `PYSEC-…`) and the versions that fix it."""

    pin: Pin
    names: frozenset[str]
    fixed_in: tuple[str, ...] = ()

    def __str__(self) -> str:
        fixed = f", fixed in {', '.join(self.fixed_in)}" if self.fixed_in else ""
        return f"{self.pin}: {', '.join(sorted(self.names))}{fixed}"


@dataclass(frozen=True, slots=True)
class Exemption:
    """A vulnerability that is tolerated in one lock until a day (included), and the reason."""

    package: str
    id: str
    until: date
    reason: str

    def covers(self, advisory: Advisory) -> bool:
        """Return whether this is the advisory that it names."""
        return self.package == advisory.pin.name and self.id in advisory.names

    def __str__(self) -> str:
        return f"{self.package}: {self.id} until {self.until}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The advisories of one lock that no exception covers, and its exceptions."""

    open: tuple[Advisory, ...]
    used: tuple[Exemption, ...]
    unused: tuple[Exemption, ...]


def exemptions(lock: Path) -> list[Exemption]:
    """Return the exceptions in the file beside a lock. Raises AuditError for a malformed file."""
    path = lock.with_name(EXCEPTIONS_FILE)
    if not path.exists():
        return []
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise AuditError(f"{path}: {error}") from error
    if document.keys() - {"exception"}:
        raise AuditError(f"{path}: holds [[exception]] tables and nothing else")
    return [_exemption(path, entry) for entry in document.get("exception", [])]


def expired(exempt: Iterable[Exemption], today: date) -> list[Exemption]:
    """Return the exceptions whose day is over, which somebody has to look at again."""
    return [exemption for exemption in exempt if exemption.until < today]


def judge(advisories: Iterable[Advisory], exempt: Iterable[Exemption], today: date) -> Verdict:
    """Compare the advisories of a lock's pins with its exceptions."""
    known = sorted(advisories, key=str)
    standing = [exemption for exemption in exempt if exemption.until >= today]
    used = tuple(exemption for exemption in standing if any(exemption.covers(each) for each in known))
    return Verdict(
        open=tuple(each for each in known if not any(exemption.covers(each) for exemption in used)),
        used=used,
        unused=tuple(exemption for exemption in standing if exemption not in used),
    )


def _exemption(path: Path, entry: Any) -> Exemption:
    if not isinstance(entry, dict) or entry.keys() != _FIELDS:
        raise AuditError(f"{path}: an exception has {', '.join(sorted(_FIELDS))}, not {entry}")
    # Python takes a TOML date-time for a date, but cannot compare it with one.
    if type(entry["until"]) is not date:
        raise AuditError(f"{path}: until is a date such as 2027-05-31, not {entry['until']!r}")
    for field in sorted(_FIELDS - {"until"}):
        if not isinstance(entry[field], str) or not entry[field].strip():
            raise AuditError(f"{path}: {field} of an exception is a text that is not empty: {entry}")
    return Exemption(**entry)
