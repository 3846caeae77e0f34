"""Writes figures into a page: each benchmark into a section of its own between markers, leaving the others as they are."""

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "docs" / "benchmarks.md"
_HEAD = """# Benchmarks

The command named in each section between markers writes that section; run it to measure again. Everything outside of
the markers is written by hand.
"""


class MarkerError(ValueError):
    """The markers of a section do not match; the message names the section."""


def table(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table. A column whose title ends in `:` is aligned to the right."""
    titles = (column.removesuffix(":") for column in columns)
    sides = "|".join("---:" if column.endswith(":") else "---" for column in columns)
    lines = [" | ".join(str(cell) for cell in row) for row in (titles, *rows)]
    return "\n".join([f"| {lines[0]} |", f"|{sides}|", *(f"| {line} |" for line in lines[1:])])


def publish(name: str, text: str, *, dry: bool = False) -> None:
    """Print a section, and write it into docs/benchmarks.md unless the run is dry."""
    print(text)
    if not dry:
        write_section(name, text)


def write_section(name: str, text: str, page: Path = BENCHMARKS) -> None:
    """Replace a section of a page, or append it. Raises MarkerError if only one of its markers is there."""
    page.parent.mkdir(parents=True, exist_ok=True)
    old = page.read_text() if page.exists() else _HEAD
    new = page.with_suffix(".new")
    new.write_text(replaced(old, name, text))
    new.replace(page)


def replaced(page: str, name: str, text: str) -> str:
    """Return a page's text with this section in it."""
    begin, end = _markers(name)
    section = f"{begin}\n{text.strip()}\n{end}"
    if page.count(begin) != page.count(end) or page.count(begin) > 1:
        raise MarkerError(f"the page must hold the markers of section {name!r} once each, or none of them")
    if begin not in page:
        return f"{page.rstrip()}\n\n{section}\n"
    before, rest = page.split(begin)
    return before + section + rest.split(end)[1]


def section_of(page: str, name: str) -> str | None:
    """Return the text of a section, or None if the page has no such section."""
    begin, end = _markers(name)
    if begin not in page or end not in page:
        return None
    return page.split(begin)[1].split(end, maxsplit=1)[0].strip()


def circumstances() -> str:
    """Return a sentence on when and where the figures were measured."""
    load = os.getloadavg()[0]
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC on {os.cpu_count()} processors shared with other work "
        f"(load average {load:.1f} at the end), so times vary from run to run."
    )


def _markers(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
