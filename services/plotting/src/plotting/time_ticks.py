"""The time axis: where its ticks are and what they say, in UTC.

A tick has two lines: the time (or the day, where ticks are days apart), and below it what the time belongs to, only
where that begins or changes. Nothing depends on the machine's locale or time zone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
STEPS = (
    *(SECOND // part for part in (1000, 500, 200, 100, 50, 20, 10, 5, 2)),
    *(seconds * SECOND for seconds in (1, 2, 5, 10, 15, 30)),
    *(minutes * MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * DAY for days in (1, 2, 4, 7, 14, 28)),
)
"""Microseconds between ticks; each divides the next unit, so that ticks fall on round times."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class TimeTick:
    """An instant on the time axis (microseconds since 1970), its label, and what it belongs to, where that changes."""

    time: int
    label: str
    belongs_to: str


def ticks(start: int, end: int, most: int) -> list[TimeTick]:
    """Return at most `most` ticks from `start` to `end`, as many as a round step allows."""
    step = next((step for step in STEPS if (end - start) // step < most), -(-(end - start) // most))
    made: list[TimeTick] = []
    shown = ""
    for time in range(-(-start // step) * step, end + 1, step):
        label, belongs_to = _label(time, step)
        made.append(TimeTick(time, label, belongs_to if belongs_to != shown else ""))
        shown = belongs_to
    return made


def span_text(start: int, end: int) -> str:
    """Return a range in words: `20 Nov 2026, 08:15:20 to 08:15:30 UTC`; with dates where it crosses midnight."""
    begin, finish = _at(start), _at(end)
    precise = end - start < HOUR
    if begin.date() == finish.date():
        return f"{_date(begin)}, {_clock(begin, precise=precise)} to {_clock(finish, precise=precise)} UTC"
    return (
        f"{_date(begin)}, {_clock(begin, precise=precise)} to "
        f"{_date(finish)}, {_clock(finish, precise=precise)} UTC"
    )


def _label(time: int, step: int) -> tuple[str, str]:
    at = _at(time)
    if step >= DAY:
        return f"{at.day} {_MONTHS[at.month - 1]}", str(at.year)
    digits = 0 if step >= SECOND else 1 if step >= SECOND // 10 else 3
    fraction = f".{at.microsecond:06d}"[: digits + 1] if digits else ""
    return _clock(at, precise=step < MINUTE) + fraction, _date(at)


def _at(time: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time)


def _date(at: datetime) -> str:
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def _clock(at: datetime, *, precise: bool) -> str:
    return f"{at.hour:02d}:{at.minute:02d}" + (f":{at.second:02d}" if precise else "")
