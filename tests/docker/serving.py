"""Runs a server that a test needs, as a process that ends with its block."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.waiting import until_it_answers
from tidemark.errors import CommandError

_STOP_SECONDS = 40.0


@contextmanager
def serving(command: Sequence[str], log: Path, answers: Callable[[], bool], **options: Any) -> Iterator[None]:
    """Run a server until the block ends; the block begins when it answers. Raises CommandError with its log's end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for the tests, which stop the server when they have cleaned up
            **options,
        )
    try:
        if fault := until_it_answers(process, answers, what=command[0], log=log):
            raise CommandError(fault)
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
