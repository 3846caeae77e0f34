"""Counts of a pytest run, from the report that it wrote (`--junitxml`)."""

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET


def counted(*reports: Path) -> Counter[str]:
    """Return how many tests these reports count, by `tests`, `failures`, `errors` and `skipped`. A missing report counts none."""
    total = Counter[str]()
    for report in reports:
        if report.exists():
            for suite in ET.parse(report).getroot().iter("testsuite"):  # noqa: S314 - pytest has just written it
                total.update(
                    {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
                )
    return total
