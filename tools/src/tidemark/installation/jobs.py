"""Runs installations, two at a time, each with its own log, and shows that they are alive.

Used on a bare Python (standard library only), before anything is installed.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

HEARTBEAT_SECONDS = 10.0
AT_ONCE = 2
LOCK_HINT = ".venvs/uv/bin/uv lock"

_NO_NETWORK = re.compile(
    r"error sending request|dns error|connectivity is disabled|connection (refused|error|reset)|NewConnectionError"
    r"|ConnectTimeout|ReadTimeout|timed out|ProxyError|tunnel|found in the cache|Temporary failure in name",
    re.IGNORECASE,
)
_NAMED = re.compile(r"Failed to download `([^`]+)`")


class InstallError(Exception):
    """Something could not be installed; the message is one line for the user."""


class UntouchedError(InstallError):
    """Something could not be installed, and nothing was changed."""


def failure(output: Sequence[str], what: str, log: str) -> InstallError:
    """Return the error for the user from the output of the pip or uv that failed to install `what`."""
    text = "\n".join(output)
    if _NO_NETWORK.search(text):
        named = _NAMED.findall(text)
        missing = f" ({named[0]})" if named else ""
        return UntouchedError(
            f"could not download {what}{missing}: check the network and run the same command again; log: {log}"
        )
    if "needs to be updated" in text:
        return UntouchedError(
            f"{what}: the lock does not fit its pyproject.toml: run {LOCK_HINT}; log: {log}"
        )
    complaints = [line.strip() for line in output if re.match(r"\s*(error|\u00d7|ERROR|OSError)", line)]
    reason = complaints[0] if complaints else next((line for line in reversed(output) if line), "no output")
    return InstallError(f"could not install {what}: {reason}; log: {log}")


class Job:
    """One installation: its commands, the context they run within, and the newest line of their output."""

    def __init__(
        self,
        what: str,
        log: Path,
        commands: Sequence[Sequence[str]],
        environ: Mapping[str, str],
        within: AbstractContextManager[None] | None = None,
    ) -> None:
        self.what = what
        self.newest = ""
        self.seconds = 0.0
        self._log = log
        self._commands = commands
        self._environ = dict(environ)
        self._within = within or nullcontext()
        self._process: subprocess.Popen[str] | None = None
        self._cancelled = False

    def run(self) -> "Job":
        """Run the commands to their end and return this job; raise InstallError if one fails."""
        began = time.monotonic()
        with self._within, self._log.open("w", encoding="utf-8") as log:
            for command in self._commands:
                output = self._run(command, log.write)
                if self._cancelled:
                    raise InstallError(f"{self.what}: stopped")
                if self._process is None or self._process.returncode != 0:
                    raise failure(output, self.what, os.path.relpath(self._log))
        self.seconds = time.monotonic() - began
        return self

    def cancel(self) -> None:
        """Stop what runs and start no more; the job then ends as failed."""
        self._cancelled = True
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def _run(self, command: Sequence[str], write: Callable[[str], object]) -> list[str]:
        output: list[str] = []
        with subprocess.Popen(
            command,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as self._process:
            for line in self._process.stdout or ():
                write(line)
                output.append(line.rstrip())
                self.newest = line.strip()
        return output


def run_all(jobs: Sequence[Job]) -> None:
    """Run the jobs, two at a time, reporting to stderr.

    After a failure no other job starts, but running ones finish before its InstallError is raised. An interrupt stops
    all.
    """
    began = time.monotonic()
    failed: InstallError | None = None
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        waiting: dict[Future[Job], Job] = {pool.submit(job.run): job for job in jobs}
        try:
            while waiting:
                ended, _ = wait(waiting, timeout=HEARTBEAT_SECONDS, return_when=FIRST_COMPLETED)
                for future in ended:
                    failed = _report(future, waiting.pop(future)) or failed
                if failed:
                    waiting = {future: job for future, job in waiting.items() if not future.cancel()}
                if not ended:
                    _say_what_runs(list(waiting.values()), time.monotonic() - began)
        finally:
            for future, job in waiting.items():
                future.cancel()
                job.cancel()
    if failed:
        raise failed


def _report(future: Future[Job], job: Job) -> InstallError | None:
    try:
        future.result()
    except InstallError as error:
        return error
    _say(f"{job.what}: {job.seconds:.0f} s")
    return None


def _say_what_runs(jobs: Sequence[Job], seconds: float) -> None:
    for job in jobs:
        if job.newest:
            _say(f"still at {job.what} after {seconds:.0f} s; its last word: {job.newest}")


def _say(line: str) -> None:
    print(f"install: {line}", file=sys.stderr, flush=True)
