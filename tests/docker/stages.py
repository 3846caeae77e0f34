"""The stages of `make test-docker`, and their results in the summary."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.reports import counted

_GRACE_SECONDS = 60.0


@dataclass(frozen=True)
class Stage:
    """One stage: `commands` until one fails, then pytest with these arguments, and at the end `afterwards` in any case.

    `through` is a command that starts pytest, for example in an environment.
    """

    title: str
    commands: Sequence[Sequence[str]] = ()
    pytest: Sequence[str] = ()
    through: Sequence[str] = ()
    afterwards: Sequence[str] = ()


@dataclass(frozen=True)
class Result:
    """The result of a stage: why it failed, if it did, the number of tests that ran, and its duration."""

    title: str
    seconds: float
    fault: str = ""
    ran: int = 0

    def line(self, ended: float) -> str:
        """Return its line in the summary. `ended` is its end in seconds since the beginning."""
        word = "FAILED" if self.fault else "passed"
        count = f"{self.ran} tests" if self.ran else ""
        return (
            f"{word:6} {self.seconds:5.0f} s {ended:5.0f} s  {self.title:34} {self.fault or count}".rstrip()
        )


def run(stage: Stage, variables: Mapping[str, str]) -> Result:
    """Run a stage and return its result. Its output is shown while it runs."""
    print(f"\n=== {stage.title}", flush=True)
    environ = {**os.environ, **variables}
    began = time.monotonic()
    fault, ran = "", 0
    try:
        fault = _first_fault(stage.commands, environ)
        if stage.pytest and not fault:
            fault, ran = _run_pytest(stage, environ)
    finally:
        if stage.afterwards:
            ended_badly = _fault_of(stage.afterwards, environ)
            fault = fault or ended_badly
    return Result(stage.title, time.monotonic() - began, fault, ran)


def _first_fault(commands: Sequence[Sequence[str]], environ: Mapping[str, str]) -> str:
    for command in commands:
        if fault := _fault_of(command, environ):
            return fault
    return ""


def _run_pytest(stage: Stage, environ: Mapping[str, str]) -> tuple[str, int]:
    """Return the fault and the number of tests that ran. A skipped test is a fault."""
    with tempfile.TemporaryDirectory(prefix="tidemark-report-") as directory:
        report = Path(directory) / "report.xml"
        command = [*stage.through, sys.executable, "-m", "pytest", *stage.pytest, f"--junitxml={report}"]
        fault = _fault_of(command, environ)
        counts = counted(report)
    ran = counts["tests"] - counts["skipped"]
    if fault:
        return f"{counts['failures'] + counts['errors']} of {ran} tests failed ({fault})", ran
    if counts["skipped"] or not ran:
        return f"{counts['skipped']} of {counts['tests']} tests were skipped", ran
    return "", ran


def _fault_of(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Run a command and return its fault, or nothing. If we are stopped, the command is stopped first."""
    with subprocess.Popen(command, env=environ) as process:
        try:
            code = process.wait()
        except BaseException:
            process.terminate()
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    return f"exit code {code}: {' '.join(command[:4])} …" if code else ""
