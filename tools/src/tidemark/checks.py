"""A check, its verdict and its fix: what doctor, status and validate print.

Used on a bare Python (standard library only), before anything is installed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """`fail` stops something that is documented to work, `warn` does not."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, its verdict, a line about what was seen, and the fix unless all is well."""

    about: str
    verdict: Verdict
    text: str
    fix: str = ""

    def __post_init__(self) -> None:
        if not self.well and not self.fix:
            raise ValueError(f"{self.about}: what is not well needs a fix")

    @property
    def well(self) -> bool:
        """Whether the thing is as it should be."""
        return self.verdict is Verdict.OK

    def __str__(self) -> str:
        """Return the lines that a person reads."""
        fix = f"\n{'':20}fix: {self.fix}" if self.fix else ""
        return f"{self.verdict.value:<6}{self.about:<14}{self.text}{fix}"


def ok(about: str, text: str) -> Check:
    """Return a check of a thing that is as it should be."""
    return Check(about, Verdict.OK, text)


def warning(about: str, text: str, fix: str) -> Check:
    """Return a check that found something to know of, which stops nothing."""
    return Check(about, Verdict.WARN, text, fix)


def failure(about: str, text: str, fix: str) -> Check:
    """Return a check that found something that has to be mended."""
    return Check(about, Verdict.FAIL, text, fix)


def exit_code(checks: Sequence[Check]) -> int:
    """Return 1 if any check failed, else 0."""
    return int(any(check.verdict is Verdict.FAIL for check in checks))


def as_text(command: str, checks: Sequence[Check]) -> str:
    """Return the checks' lines, and a last line that sums them up for the command."""
    failed, warned = (
        sum(check.verdict is verdict for check in checks) for verdict in (Verdict.FAIL, Verdict.WARN)
    )
    summary = f"{failed} to mend, {warned} to know of" if failed or warned else "all is well"
    return "\n".join([*map(str, checks), f"{command}: {summary}"])


def as_json(checks: Sequence[Check]) -> str:
    """Return `{"ok": …, "findings": [{"about", "level", "text", "fix"}]}`; `ok` is whether the exit code is 0."""
    rows = [
        {"about": check.about, "level": check.verdict.value, "text": check.text, "fix": check.fix}
        for check in checks
    ]
    return json.dumps({"ok": not exit_code(checks), "findings": rows}, indent=2)
