"""Both axes of the picture: where their ticks are, and how sizes and times are written. `scale.py` says what an axis covers.

Sizes are in binary units (IEC 80000-13): 1 KiB is 1,024 B. Tick values are integers, so that bytes on top of a petabyte
stay exact. Times are in UTC and do not depend on the machine's locale or time zone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB")
MINUS = "\N{MINUS SIGN}"
_BYTE_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
# In quarters of a larger unit; a quarter of it is a whole number of bytes.
_QUARTER_STEPS = (1, 2, 4, 8, 20, 40, 80, 200, 400, 800, 2000)

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_TIME_STEPS = (
    *(SECOND // part for part in (1000, 500, 200, 100, 50, 20, 10, 5, 2)),
    *(seconds * SECOND for seconds in (1, 2, 5, 10, 15, 30)),
    *(minutes * MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * DAY for days in (1, 2, 4, 7, 14)),
)
"""Microseconds between ticks. Each step divides the next unit, so that ticks fall on round times."""
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
"""Months between the ticks of longer ranges."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class SizeTick:
    """A value on the size axis, in bytes, and its label."""

    value: int
    label: str


@dataclass(frozen=True, slots=True)
class TimeTick:
    """An instant on the time axis (microseconds since 1970), its label, and the day or year it begins, if it begins one."""

    time: int
    label: str
    belongs_to: str


def size_text(size: int) -> str:
    """Return a size with at most four digits: `27 B`, `1.21 MiB`, `1,023 KiB`; below 1,024 bytes it is exact."""
    power = _power(size)
    # A size that rounds to 1,024 of a unit is written as 1 of the next: 1,048,575 bytes are 1 MiB, not 1,024 KiB.
    if 0 < power < len(UNITS) - 1 and round(size / 1024**power) >= 1024:
        power += 1
    if power == 0:
        return f"{size:,} B"
    value = size / 1024**power
    number = f"{value:,.{2 if value < 10 else 1 if value < 100 else 0}f}"
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number} {UNITS[power]}"


def change_text(change: int) -> str:
    """Return a difference of sizes with its sign: `+18 B`; no difference is `±0 B`."""
    sign = "+" if change > 0 else MINUS if change < 0 else "±"
    return sign + size_text(abs(change))


def size_ticks(high: int, maximum: int) -> list[SizeTick]:
    """Return at most `maximum` ticks from 0 to `high` bytes, on round values of one unit."""
    step, power = _step(high, maximum)
    return [SizeTick(value, _exact(value, power)) for value in range(0, high + 1, step)]


def change_ticks(reference: int, low: int, high: int, maximum: int) -> list[SizeTick]:
    """Return at most `maximum` ticks from `low` to `high`, as differences from `reference`, which is written in full."""
    step, power = _step(high - low, maximum)
    first = reference - (reference - low) // step * step
    return [SizeTick(value, _change(value, reference, power)) for value in range(first, high + 1, step)]


def time_ticks(start: int, end: int, maximum: int) -> list[TimeTick]:
    """Return at most `maximum` ticks from `start` to `end`, as many as a round step allows."""
    step = next((step for step in _TIME_STEPS if (end - start) // step < maximum), None)
    if step is None:
        return _month_ticks(start, end, maximum)
    made: list[TimeTick] = []
    previous = ""
    for time in range(-(-start // step) * step, end + 1, step):
        label, belongs_to = _time_label(time, step)
        made.append(TimeTick(time, label, belongs_to if belongs_to != previous else ""))
        previous = belongs_to
    return made


def _month_ticks(start: int, end: int, maximum: int) -> list[TimeTick]:
    """Return ticks at the first of months, or of years."""
    first, last = (at.year * 12 + at.month - 1 for at in (_at(start - 1), _at(end)))
    steps = (step for step in _MONTH_STEPS if last // step - first // step <= maximum)
    step = next(steps, 12 * (last - first))
    made: list[TimeTick] = []
    for month in range((first // step + 1) * step, last + 1, step):
        time = (datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
        year = str(month // 12)
        belongs_to = year if not made or month % 12 == 0 else ""
        made.append(
            TimeTick(time, year, "") if step >= 12 else TimeTick(time, _MONTHS[month % 12], belongs_to)
        )
    return made


def span_text(start: int, end: int) -> str:
    """Return a range in words: `20 Nov 2026, 08:15:20 to 08:15:30 UTC`; with both dates if it crosses midnight."""
    begin, finish = _at(start), _at(end)
    precise = end - start < HOUR
    until = "" if begin.date() == finish.date() else f"{_date(finish)}, "
    return f"{_date(begin)}, {_clock(begin, precise=precise)} to {until}{_clock(finish, precise=precise)} UTC"


def instant_text(time: int) -> str:
    """Return an instant in words: `20 Nov 2026, 08:15 UTC`."""
    at = _at(time)
    return f"{_date(at)}, {_clock(at, precise=False)} UTC"


def _change(value: int, reference: int, power: int) -> str:
    if value == reference:
        return size_text(reference)
    return ("+" if value > reference else MINUS) + _exact(abs(value - reference), power)


def _step(span: int, maximum: int) -> tuple[int, int]:
    """Return the smallest round step in bytes that gives at most `maximum` ticks over a span, and its unit's index."""
    power = _power(span)
    quarter = 1024**power // 4
    steps = [quarter * quarters for quarters in _QUARTER_STEPS] if power else list(_BYTE_STEPS)
    while span // steps[-1] + 1 > maximum:  # beyond the largest unit
        steps.append(steps[-1] * 2)
    return next(step for step in steps if span // step + 1 <= maximum), power


def _power(size: int) -> int:
    """Return the index of the largest unit that a size fills at least once."""
    return min(max(size.bit_length() - 1, 0) // 10, len(UNITS) - 1)


def _exact(value: int, power: int) -> str:
    """Return a multiple of a quarter of a unit, in that unit."""
    if value == 0 or power == 0:
        return f"{value:,} B"
    whole, quarters = divmod(value * 4 // 1024**power, 4)
    return f"{whole:,}{('', '.25', '.5', '.75')[quarters]} {UNITS[power]}"


def _time_label(time: int, step: int) -> tuple[str, str]:
    """Return a tick's label (the time, or the day if ticks are days apart) and the day or year it belongs to."""
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
