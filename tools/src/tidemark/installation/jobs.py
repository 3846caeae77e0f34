"""Runs installations, two at a time, each with its own log, and shows that they are alive.

Used on a bare Python (standard library only), before anything is installed.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from tidemark.errors import CommandError

HEARTBEAT_SECONDS = 10.0
AT_ONCE = 2
LOCK_HINT = ".venvs/uv/bin/uv lock"

_NO_NETWORK = re.compile(
    r"error sending request|dns error|connectivity is disabled|connection (refused|error|reset)|NewConnectionError"
    r"|ConnectTimeout|ReadTimeout|timed out|ProxyError|tunnel|found in the cache|Temporary failure in name",
    re.IGNORECASE,
)
_NAMED = re.compile(r"Failed to download `([^`]+)`")
_COMPLAINT = re.compile(r"^\s*((error|\u00d7|ERROR|OSError).*)", re.MULTILINE)


class UntouchedError(CommandError):
    """Something could not be installed, and nothing was changed."""


def failure(output: str, what: str, log: str) -> CommandError:
    """Return the error for the user from the output of the pip or uv that failed to install `what`."""
    if _NO_NETWORK.search(output):
        missing = f" ({named[1]})" if (named := _NAMED.search(output)) else ""
        return UntouchedError(
            f"could not download {what}{missing}: check the network and run the same command again; log: {log}"
        )
    if "needs to be updated" in output:
        return UntouchedError(
            f"{what}: the lock does not fit its pyproject.toml: run {LOCK_HINT}; log: {log}"
        )
    complaint = _COMPLAINT.search(output)
    reason = complaint[1].strip() if complaint else _last_line(output) or "no output"
    return CommandError(f"could not install {what}: {reason}; log: {log}")


@dataclass
class Job:
    """One installation: its commands, the log of their output, and the context that they run within."""

    what: str
    log: Path
    commands: Sequence[Sequence[str]]
    environ: Mapping[str, str]
    within: AbstractContextManager[None] = field(default_factory=nullcontext)
    _process: subprocess.Popen[bytes] | None = None
    _stopped: bool = False

    def run(self) -> None:
        """Run the commands to their end. Raises CommandError if one fails, or when another thread stops the job."""
        with self.within, self.log.open("wb") as log:
            for command in self.commands:
                self._process = subprocess.Popen(
                    command, env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
                )
                if self._stopped:  # between two commands
                    self._process.terminate()
                code = self._process.wait()
                if self._stopped:
                    raise CommandError(f"{self.what}: stopped")
                if code:
                    raise failure(self._output(), self.what, os.path.relpath(self.log))

    def stop(self) -> None:
        """End what runs and start no more."""
        self._stopped = True
        if self._process is not None:
            self._process.terminate()

    def newest(self) -> str:
        """Return the newest line of the output while a command runs, else an empty string."""
        running = self._process is not None and self._process.poll() is None
        return _last_line(self._output()) if running else ""

    def _output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


def run_all(jobs: Sequence[Job]) -> None:
    """Run the jobs, two at a time, reporting to stderr.

    After a failure no other job starts, but running ones finish before its CommandError is raised. An interrupt stops
    all.
    """
    began = time.monotonic()
    pool = ThreadPoolExecutor(AT_ONCE)
    futures = [pool.submit(_run, job) for job in jobs]
    try:
        while True:
            ended, waiting = wait(futures, HEARTBEAT_SECONDS, FIRST_EXCEPTION)
            if not waiting or any(future.exception() for future in ended):
                break
            for job in jobs:
                if line := job.newest():
                    say(f"still at {job.what} after {time.monotonic() - began:.0f} s; its last word: {line}")
        pool.shutdown(cancel_futures=True)
    finally:
        for job in jobs:
            job.stop()
        pool.shutdown(cancel_futures=True)
    for future in futures:
        if not future.cancelled():
            future.result()


def say(line: str) -> None:
    """Show a line to the user."""
    print(f"install: {line}", file=sys.stderr, flush=True)


def _run(job: Job) -> None:
    began = time.monotonic()
    job.run()
    say(f"{job.what}: {time.monotonic() - began:.0f} s")


def _last_line(output: str) -> str:
    return next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "")
