"""The stages of `make test-docker`: what each runs, how it went, and what the summary says of it."""

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
    """One stage: commands that run until one fails, and a last one that runs whatever happened.

    `pytest` is what pytest is told to run after the commands; `through` starts it (in an environment, say).
    """

    title: str
    commands: Sequence[Sequence[str]] = ()
    pytest: Sequence[str] = ()
    through: Sequence[str] = ()
    afterwards: Sequence[str] = ()


@dataclass(frozen=True)
class Result:
    """How a stage went: the reason if it failed, how many tests ran, and how many seconds it took."""

    title: str
    seconds: float
    fault: str = ""
    ran: int = 0

    def line(self, ended: float) -> str:
        """Return its line in the summary; `ended` is when, in seconds since all began."""
        word = "FAILED" if self.fault else "passed"
        told = f"{self.ran} tests" if self.ran else ""
        return f"{word:6} {self.seconds:5.0f} s {ended:5.0f} s  {self.title:34} {self.fault or told}".rstrip()


def run(stage: Stage, variables: Mapping[str, str]) -> Result:
    """Run a stage and return how it went; what it prints is shown as it comes."""
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
    """Return what went wrong and how many tests ran; a test that was skipped is one that went wrong."""
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
    """Run a command to its end and return how it failed, or nothing; if we are stopped, it is stopped first."""
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
