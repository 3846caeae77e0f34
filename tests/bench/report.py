"""Writes figures into a page: each benchmark between markers of its own, leaving the others' as they are."""

import os
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "docs" / "benchmarks.md"
_HEAD = """# Benchmarks

Every section between markers is written by the command it names; run that to measure again. What is outside the
markers is written by hand.
"""


class MarkerError(ValueError):
    """A page's markers do not match; the text names the section."""


def write_section(name: str, text: str, page: Path = BENCHMARKS) -> None:
    """Replace one section of a page, or append it. Raises MarkerError where only one of its markers is there."""
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
    """Return a section's text, or None where the page has none of that name."""
    begin, end = _markers(name)
    if begin not in page or end not in page:
        return None
    return page.split(begin)[1].split(end, maxsplit=1)[0].strip()


def circumstances() -> str:
    """Return a sentence on when and where figures were measured."""
    load = os.getloadavg()[0]
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC on {os.cpu_count()} processors shared with other work "
        f"(load average {load:.1f} at the end): times, and what depends on them, vary from run to run."
    )


def _markers(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
