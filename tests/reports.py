"""What a run of pytest has counted, read from the report that it wrote (`--junitxml`)."""

from pathlib import Path
from xml.etree import ElementTree as ET

NAMES = ("tests", "failures", "errors", "skipped")


def counted(report: Path) -> dict[str, int]:
    """Return how many tests there were, failed, broke and were skipped; nothing but zeros without a report."""
    if not report.exists():
        return dict.fromkeys(NAMES, 0)
    suites = list(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314 - pytest wrote it just now
    return {name: sum(int(suite.get(name, 0)) for suite in suites) for name in NAMES}
