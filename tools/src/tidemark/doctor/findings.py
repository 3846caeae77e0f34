"""What `make doctor` finds: one line per thing looked at, and for what is not well, the fix.

Used on a bare Python (standard library only), before anything is installed.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum


class Level(Enum):
    """How bad a finding is: `fail` stops something that is documented to work, `warn` does not."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, what there is to say of it in a line, and the fix, unless all is well."""

    about: str
    level: Level
    text: str
    fix: str = ""

    def __post_init__(self) -> None:
        if self.level is not Level.OK and not self.fix:
            raise ValueError(f"{self.about}: what is not well needs a fix")


def well(about: str, text: str) -> Finding:
    """Return a finding that is as it should be."""
    return Finding(about, Level.OK, text)


def warning(about: str, text: str, fix: str) -> Finding:
    """Return a finding that stops nothing, but that one should know of."""
    return Finding(about, Level.WARN, text, fix)


def fault(about: str, text: str, fix: str) -> Finding:
    """Return a finding that stops something."""
    return Finding(about, Level.FAIL, text, fix)


def exit_code(findings: Sequence[Finding]) -> int:
    """Return 1 if anything fails, else 0."""
    return int(any(finding.level is Level.FAIL for finding in findings))


def as_text(findings: Sequence[Finding]) -> str:
    """Return a line per finding, the fix of what is not well below it, and a last line that sums up."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.level.value:<6}{finding.about:<14}{finding.text}")
        if finding.fix:
            lines.append(f"{'':20}fix: {finding.fix}")
    return "\n".join([*lines, f"doctor: {_sum(findings)}"])


def as_json(findings: Sequence[Finding]) -> str:
    """Return `{"ok": …, "findings": [{"about", "level", "text", "fix"}]}`; `ok` is whether the exit code is 0."""
    rows = [asdict(finding) | {"level": finding.level.value} for finding in findings]
    return json.dumps({"ok": not exit_code(findings), "findings": rows}, indent=2)


def _sum(findings: Sequence[Finding]) -> str:
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    if not counts[Level.FAIL] and not counts[Level.WARN]:
        return "all is well"
    return f"{counts[Level.FAIL]} to mend, {counts[Level.WARN]} to know of"
