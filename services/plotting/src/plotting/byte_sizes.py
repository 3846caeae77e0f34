"""Sizes in bytes as people read them, in binary units (IEC 80000-13): 1 KiB is 1,024 B.

All arithmetic is on integers, so that a petabyte and one byte is not a petabyte.
"""

from dataclasses import dataclass

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB")
MINUS = "\N{MINUS SIGN}"
_BYTE_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
# Steps in quarters of a larger unit; a quarter of it is a whole number of bytes.
_QUARTER_STEPS = (1, 2, 4, 8, 20, 40, 80, 200, 400, 800, 2000)


@dataclass(frozen=True, slots=True)
class SizeTick:
    """A value on the size axis, in bytes, and how it is written."""

    value: int
    label: str


def human(size: int) -> str:
    """Return a size with at most four digits: `27 B`, `1.21 MiB`, `1,023 KiB`; below 1,024 bytes it is exact."""
    power = _power(size)
    # What rounds up to 1,024 of a unit is 1 of the next: 1,048,575 bytes are 1 MiB, not 1,024 KiB.
    if 0 < power < len(UNITS) - 1 and round(size / 1024**power) >= 1024:
        power += 1
    if power == 0:
        return f"{size:,} B"
    value = size / 1024**power
    decimals = 2 if value < 10 else 1 if value < 100 else 0
    return f"{_trimmed(f'{value:,.{decimals}f}')} {UNITS[power]}"


def human_change(change: int) -> str:
    """Return a difference of sizes with its sign: `+18 B`, or `±0 B` where there is none."""
    sign = "+" if change > 0 else MINUS if change < 0 else "±"
    return sign + human(abs(change))


def ticks(high: int, most: int) -> list[SizeTick]:
    """Return at most `most` ticks from 0 to `high` bytes, on round values of one unit."""
    step, power = _step(high, most)
    return [SizeTick(value, _exact(value, power)) for value in range(0, high + 1, step)]


def change_ticks(reference: int, low: int, high: int, most: int) -> list[SizeTick]:
    """Return at most `most` ticks from `low` to `high` bytes, written as differences from `reference`.

    The tick at the reference itself is written in full.
    """
    step, power = _step(high - low, most)
    first = reference - (reference - low) // step * step
    return [SizeTick(value, _change(value, reference, power)) for value in range(first, high + 1, step)]


def _change(value: int, reference: int, power: int) -> str:
    if value == reference:
        return human(reference)
    return ("+" if value > reference else MINUS) + _exact(abs(value - reference), power)


def _step(span: int, most: int) -> tuple[int, int]:
    """Return the smallest round step in bytes that gives at most `most` ticks over a span, and its unit's index."""
    power = _power(span)
    quarter = 1024**power // 4
    steps = [quarter * quarters for quarters in _QUARTER_STEPS] if power else list(_BYTE_STEPS)
    while span // steps[-1] + 1 > most:  # beyond the largest unit
        steps.append(steps[-1] * 2)
    return next(step for step in steps if span // step + 1 <= most), power


def _power(size: int) -> int:
    """Return the index of the largest unit that a size fills at least once."""
    return min(max(size.bit_length() - 1, 0) // 10, len(UNITS) - 1)


def _exact(value: int, power: int) -> str:
    """Return a multiple of a quarter of a unit, in that unit."""
    if value == 0 or power == 0:
        return f"{value:,} B"
    whole, quarters = divmod(value * 4 // 1024**power, 4)
    return f"{whole:,}{('', '.25', '.5', '.75')[quarters]} {UNITS[power]}"


def _trimmed(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number
